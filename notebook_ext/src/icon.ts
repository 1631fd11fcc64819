/** The sign of Clew: a ball of thread. */

import { LabIcon } from '@jupyterlab/ui-components';

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
<g fill="none"><g class="jp-icon3" stroke="#616161" stroke-width="1.7" stroke-linecap="round">
<circle cx="11" cy="11" r="8"/><path d="M4.5 7.5C9 7 14.500 9.500 17.500 15"/>
<path d="M3.200 12C8 11 12 13 14.500 18"/><path d="M8.500 3.500C13.500 5 17.500 7 18.800 10.500"/>
<path d="M16 17.500C18 20.500 20 20.800 22 20"/></g></g></svg>`;

export const clewIcon = new LabIcon({ name: 'clew:ball', svgstr: SVG });
