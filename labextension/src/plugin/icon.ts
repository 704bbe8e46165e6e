// The sign of Treadle: three tasks, two that need one.
import { LabIcon } from '@jupyterlab/ui-components';

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">
  <g class="jp-icon3" fill="#616161">
    <path d="M4.6 7.2 10 4.4l.5.9-5.4 2.8zM5.1 7.9l5.4 2.8-.5.9-5.4-2.8z"/>
    <circle cx="3.6" cy="8" r="2.4"/>
    <circle cx="12" cy="4" r="2.4"/>
    <circle cx="12" cy="12" r="2.4"/>
  </g>
</svg>`;

export const icon = new LabIcon({ name: 'treadle:icon', svgstr: SVG });
