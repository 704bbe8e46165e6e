// The sign of Treadle: work on three threads at once, where one waits for two.
import { LabIcon } from '@jupyterlab/ui-components';

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">
  <g class="jp-icon3" fill="#616161">
    <rect x="1" y="2" width="8" height="3" rx="1.5"/>
    <rect x="1" y="6.5" width="5" height="3" rx="1.5"/>
    <rect x="8" y="6.5" width="7" height="3" rx="1.5"/>
    <rect x="4" y="11" width="11" height="3" rx="1.5"/>
  </g>
</svg>`;

export const icon = new LabIcon({ name: 'treadle:icon', svgstr: SVG });
