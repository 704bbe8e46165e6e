// The graph as DOT, for Graphviz and its relatives. Pure.
import { LIGHT } from '../page/theme.ts';
import { count } from '../words/format.ts';
import { HOLLOW, inWords, WORD } from '../words/states.ts';
import { clipped, type Picture } from './picture.ts';

/** The picture as the text of a DOT file. */
export function toDot(picture: Picture): string {
  const out = [
    `digraph ${quoted(picture.name || 'treadle')} {`,
    '  rankdir=LR;',
    '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11, margin="0.12,0.06", fontcolor="#ffffff"];',
    `  edge [color=${quoted(LIGHT.edge)}, arrowsize=0.7];`,
  ];
  for (const { id, label, suffix, state, counts } of picture.nodes) {
    const name = `${clipped(label, 60)} ${suffix}`;
    const words = counts ? inWords(counts) : WORD[state];
    const style = state === 'waiting' ? 'rounded,dashed,filled' : 'rounded,filled';
    const many = counts ? ', peripheries=2' : '';
    const filled = HOLLOW.has(state) ? `fillcolor="#ffffff", fontcolor=${quoted(LIGHT.text)}` : `fillcolor=${quoted(LIGHT.state[state])}`;
    out.push(`  ${quoted(id)} [label=${quoted(`${name}\n${words}`)}, style=${quoted(style)}, color=${quoted(LIGHT.state[state])}, ${filled}${many}, tooltip=${quoted(`${name}: ${words}`)}];`);
  }
  for (const { from, to, weight } of picture.edges) out.push(`  ${quoted(from)} -> ${quoted(to)}${weight > 1 ? ` [label=${quoted(count(weight))}, penwidth=2]` : ''};`);
  return `${out.join('\n')}\n}\n`;
}

/** As a DOT string: nothing in it is an escape of Graphviz or ends it. */
function quoted(text: string): string {
  const clean = text.replace(/[\u0000-\u0009\u000b-\u001f\u007f]/g, ' ').replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
  return `"${clean.replace(/&/g, '&amp;')}"`; // Graphviz reads entities in labels
}
