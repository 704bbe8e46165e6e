import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { BestLink } from '../src/link/best.ts';
import { CommLink, type Model } from '../src/link/comm.ts';
import { Commands, type FromPython, Refused } from '../src/link/link.ts';
import { addressesOf, ServerLink } from '../src/link/websocket.ts';

/** A websocket whose other end is the test. */
class Socket {
  static all: Socket[] = [];
  static get last(): Socket {
    return Socket.all.at(-1)!;
  }
  sent: { type: string; [name: string]: unknown }[] = [];
  onmessage: (event: { data: string }) => void = () => {};
  onclose: () => void = () => {};
  constructor(readonly url: string) {
    Socket.all.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {}
  say(message: object): void {
    this.onmessage({ data: JSON.stringify(message) });
  }
  types(): string[] {
    return this.sent.map((message) => message.type);
  }
}

/** A model whose kernel is the test. */
class Kernel implements Model {
  sent: { type: string; [name: string]: unknown }[] = [];
  private readonly listeners = new Set<(message: FromPython) => void>();
  get(): unknown {
    return '';
  }
  send(message: unknown): void {
    this.sent.push(message as { type: string });
  }
  on(_: string, callback: (message: FromPython) => void): void {
    this.listeners.add(callback);
  }
  off(_: string, callback: (message: FromPython) => void): void {
    this.listeners.delete(callback);
  }
  say(message: FromPython): void {
    for (const take of this.listeners) take(message);
  }
}

const page = { hidden: false, addEventListener: () => {}, removeEventListener: () => {}, getElementById: () => null };
Object.assign(globalThis, { WebSocket: Socket, window: page, document: page });
mock.timers.enable({ apis: ['setTimeout'] });
const RESET: FromPython = { type: 'delta', data: { feed: 1, epoch: 'e', seq: 3, reset: true } };
const later = (ms: number): void => mock.timers.tick(ms);

beforeEach(() => {
  Socket.all = [];
});

function heard(link: { listen(take: (message: FromPython) => void): unknown }): FromPython[] {
  const all: FromPython[] = [];
  link.listen((message) => all.push(message));
  return all;
}

test('addresses respect the base url, and the token comes only second', () => {
  const settings = { baseUrl: '/user/ada/', wsUrl: '', token: 's&t' };
  assert.deepEqual(addressesOf(settings, 'my run', { origin: 'https://hub.example' }), [
    'wss://hub.example/user/ada/treadle/ws/my%20run',
    'wss://hub.example/user/ada/treadle/ws/my%20run?token=s%26t',
  ]);
  assert.deepEqual(addressesOf({ ...settings, wsUrl: 'wss://other/x/', token: '' }, 'r', { origin: 'https://hub.example' }), ['wss://other/x/treadle/ws/r']);
});

test('a line says hello when it is welcome, and what was asked before is asked then', async () => {
  const link = new ServerLink(['ws://here/treadle/ws/r']);
  const commands = new Commands(link);
  link.listen((message) => void commands.take(message));
  link.send({ type: 'hello' });
  const answer = commands.ask('cancel', { numbers: [1] });
  assert.deepEqual(Socket.last.sent, []);
  assert.equal(link.name, 'connecting');
  Socket.last.say({ type: 'welcome' });
  assert.deepEqual(Socket.last.types(), ['hello', 'command']);
  assert.deepEqual(Socket.last.sent[0]!['feeds'], [1]);
  assert.equal(link.name, 'live');
  Socket.last.say({ type: 'reply', id: Socket.last.sent[1]!['id'], data: { total: 1 } });
  assert.deepEqual(await answer, { total: 1 });
  link.dispose();
});

test('where the cookie is not enough the token is tried at once', () => {
  const link = new ServerLink(['ws://here/x', 'ws://here/x?token=t']);
  Socket.last.onclose();
  later(1);
  assert.deepEqual(Socket.all.map((socket) => socket.url), ['ws://here/x', 'ws://here/x?token=t']);
  Socket.last.say({ type: 'welcome' });
  Socket.last.onclose();
  later(300);
  assert.equal(Socket.last.url, 'ws://here/x?token=t');
  link.dispose();
});

test('a line that drops refuses what was asked, and comes back with a snapshot', async () => {
  const link = new ServerLink(['ws://here/x']);
  const commands = new Commands(link);
  link.listen((message) => void commands.take(message));
  link.send({ type: 'hello' });
  Socket.last.say({ type: 'welcome' });
  const answer = commands.ask('why', { number: 1 });
  Socket.last.onclose();
  await assert.rejects(answer, (error) => error instanceof Refused && /was lost before it answered/.test(error.message));
  assert.equal(link.name, 'connecting');
  later(300);
  Socket.last.say({ type: 'welcome' });
  assert.deepEqual(Socket.last.types(), ['hello']);
  link.dispose();
});

test('a server that knows nothing of Treadle is soon left alone', () => {
  const link = new ServerLink(['ws://here/x', 'ws://here/x?token=t']);
  for (let i = 0; i < 50; i++) {
    Socket.last.onclose();
    later(60_000);
  }
  assert.equal(Socket.all.length, 8);
  assert.ok(link.failing);
  link.dispose();
});

test('a refusal is said in its own words', () => {
  const link = new ServerLink(['ws://here/x']);
  const all = heard(link);
  Socket.last.say({ type: 'refused', reason: 'Run `pip install --upgrade treadle`.' });
  Socket.last.onclose();
  assert.deepEqual(all[0], { type: 'status', text: 'Run `pip install --upgrade treadle`.' });
  assert.equal(link.name, 'not connected');
  link.dispose();
});

test('what is no message is passed over, and the line goes on', () => {
  const link = new ServerLink(['ws://here/x']);
  const all = heard(link);
  Socket.last.say({ type: 'welcome' });
  for (const data of ['{"type": "del', 'null', '7', '{}', '{"type": "delta"}', '{"type": "of a later version"}']) Socket.last.onmessage({ data });
  Socket.last.say(RESET);
  assert.deepEqual(all, [{ type: 'link' }, RESET]);
  link.dispose();
});

function asking(link: ServerLink): Commands {
  const commands = new Commands(link);
  link.listen((message) => void commands.take(message));
  return commands;
}

test('nobody waits for ever: what is asked of a server that is not there is refused, and so is what is open at the end', async () => {
  const link = new ServerLink(['ws://here/x']);
  const commands = asking(link);
  for (let i = 0; i < 10; i++) {
    Socket.last.onclose();
    later(60_000);
  }
  const tries = Socket.all.length;
  const vain = commands.ask('cancel', { all: true });
  assert.equal(Socket.all.length, tries + 1, 'it looks again, since somebody wants something');
  Socket.last.onclose();
  await assert.rejects(vain, Refused);
  link.dispose();
  const ended = new ServerLink(['ws://here/x']);
  const open = asking(ended);
  const held = open.ask('why', { number: 1 });
  Socket.last.say({ type: 'welcome' });
  const asked = open.ask('why', { number: 2 });
  ended.dispose();
  await assert.rejects(held, Refused);
  await assert.rejects(asked, Refused);
});

test('a page that was refused says so to whoever asks', async () => {
  const link = new ServerLink(['ws://here/x']);
  const commands = asking(link);
  Socket.last.say({ type: 'refused', reason: 'Run `pip install --upgrade treadle`.' });
  Socket.last.onclose();
  await assert.rejects(commands.ask('cancel', { numbers: [1] }), /pip install --upgrade/);
  link.dispose();
});

function both(): { link: BestLink; kernel: Kernel; all: FromPython[] } {
  const kernel = new Kernel();
  const link = new BestLink(new CommLink(kernel));
  link.useServer(() => new ServerLink(['ws://here/x']));
  return { link, kernel, all: heard(link) };
}

test('the server is taken if it answers, and the kernel hears that somebody looks', () => {
  const { link, kernel, all } = both();
  assert.equal(Socket.all.length, 0); // nobody looks yet
  link.send({ type: 'hello' });
  Socket.last.say({ type: 'welcome' });
  assert.deepEqual(Socket.last.types(), ['hello']);
  assert.deepEqual(kernel.sent.map(({ type, feed }) => [type, feed]), [['hello', false]]);
  assert.equal(link.name, 'live');
  kernel.say(RESET);
  assert.equal(all.filter((message) => message.type === 'delta').length, 0);
  Socket.last.say(RESET);
  assert.equal(all.filter((message) => message.type === 'delta').length, 1);
  link.dispose();
});

test('the kernel takes over when the websocket drops, and gives back', () => {
  const { link, kernel } = both();
  link.send({ type: 'hello' });
  Socket.last.say({ type: 'welcome' });
  Socket.last.onclose();
  assert.equal(link.name, 'live via kernel');
  assert.deepEqual(kernel.sent.map(({ feed }) => feed), [false, true]);
  link.send({ type: 'command', id: 5, name: 'why', args: {} });
  assert.equal(kernel.sent.at(-1)!.type, 'command');
  kernel.say(RESET);
  kernel.say({ type: 'reply', id: 5, data: {} });
  later(300);
  Socket.last.say({ type: 'welcome' });
  assert.deepEqual(kernel.sent.map(({ feed }) => feed).filter((feed) => feed !== undefined), [false, true, false]);
  assert.equal(link.name, 'live');
  link.send({ type: 'bye' });
  assert.deepEqual([Socket.last.types().at(-1), kernel.sent.at(-1)!.type], ['bye', 'bye']);
  link.dispose();
});

test('without a server the kernel serves at once, with a slow one after a moment', () => {
  const { link, kernel } = both();
  link.send({ type: 'hello' });
  assert.deepEqual(kernel.sent, []);
  later(1500);
  assert.deepEqual(kernel.sent.map(({ feed }) => feed), [true]);
  link.dispose();
  const other = both();
  other.link.send({ type: 'hello' });
  Socket.last.onclose();
  assert.deepEqual(other.kernel.sent.map(({ feed }) => feed), [true]);
  other.link.dispose();
});

test('what waits for the running cell is said to', () => {
  const kernel = new Kernel();
  const link = new BestLink(new CommLink(kernel));
  const all = heard(link);
  link.send({ type: 'hello' });
  kernel.say(RESET);
  later(1000);
  assert.deepEqual([link.name, link.queued], ['live via kernel', false]);
  link.send({ type: 'command', id: 7, name: 'cancel', args: {} });
  later(1000);
  assert.deepEqual([link.name, link.queued], ['waits for the running cell', true]);
  assert.deepEqual(all.at(-1), { type: 'link' });
  kernel.say({ type: 'reply', id: 7, data: {} });
  assert.equal(link.queued, false);
  link.dispose();
});

test('a link that has ended opens nothing, whatever the model says then', () => {
  const { link, kernel } = both();
  link.send({ type: 'hello' });
  link.dispose();
  const before = Socket.all.length;
  link.useServer(() => new ServerLink(['ws://here/other']));
  assert.equal(Socket.all.length, before);
  const said = kernel.sent.length;
  later(5000);
  assert.equal(kernel.sent.length, said);
});

test('what was asked of a kernel that goes is refused', async () => {
  const link = new CommLink(new Kernel());
  const commands = new Commands(link);
  link.listen((message) => void commands.take(message));
  const asked = commands.ask('cancel', { all: true });
  link.dispose();
  await assert.rejects(asked, Refused);
});

test('a model whose notebook was closed is not spoken to in vain', () => {
  const kernel = new Kernel();
  const link = new BestLink(new CommLink(kernel));
  const all = heard(link);
  link.send({ type: 'hello' });
  assert.equal(link.gone, false);
  kernel.send = () => {
    throw new Error('Cannot send');
  };
  link.send({ type: 'command', id: 8, name: 'cancel', args: {} });
  assert.equal((all.at(-1) as { id: number; error: string }).id, 8);
  link.send({ type: 'bye' });
  assert.equal(link.gone, true);
  link.dispose();
});
