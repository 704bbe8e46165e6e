// How people read failures that are alike: `98 x ValueError, f, [5] line 3`. Pure; twin of feed/failures.py's headline.
import type { FailureRecord } from '../feed/reducer.ts';

const LIBRARIES = ['/site-packages/', '/dist-packages/', '/lib/python3.', '<frozen '];

/** The last of its lines that is no library's, as `job.py line 3`; "" if nothing is known. A cell's own name is the kernel's
 * to say (`place`); its file's name would tell nobody anything. */
export function placeOf(failure: FailureRecord): string {
  if (failure.place) return failure.place;
  const frames = failure.frames ?? [];
  const own = [...frames].reverse().find(([file]) => !LIBRARIES.some((mark) => file.includes(mark))) ?? frames.at(-1);
  if (!own) return failure.cell ? `[${failure.cell}]` : '';
  const [file, line] = own;
  if (/[\\/]ipykernel_\d+[\\/]/.test(file) || file.startsWith('<')) return `line ${line}`;
  return `${file.split(/[\\/]/).at(-1)} line ${line}`;
}

export function headline(failure: FailureRecord): string {
  const many = Math.max(failure.count ?? 1, failure.numbers?.length ?? 1);
  const type = failure.type ?? 'Error';
  const name = failure.function ?? 'task';
  const place = placeOf(failure);
  const words = many > 1 ? `${many} x ${type}, ${name}` : `${type}, ${name} #${failure.number}`;
  return place ? `${words}, ${place}` : words;
}
