// Those who want to be told: added, told, taken away, also while they are told.

export class Listeners<Message = void> {
  private readonly all = new Set<(message: Message) => void>();

  /** Be told what comes; the returned function ends it. */
  add(take: (message: Message) => void): () => void {
    this.all.add(take);
    return () => void this.all.delete(take);
  }

  delete(take: (message: Message) => void): void {
    this.all.delete(take);
  }

  tell(message: Message): void {
    for (const take of [...this.all]) take(message);
  }

  clear(): void {
    this.all.clear();
  }
}
