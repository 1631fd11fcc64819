/** How does a drawn chart become a file? From the picture that stands on the page; nothing is sent. */

import { keep } from './export_buttons';
import { t } from './words';

const NS = 'http://www.w3.org/2000/svg';
const SHARP = 2;

/** Write the chart inside a node as an SVG: Plotly draws it in layers, which are put together. */
export function svgOf(node: Element): { text: string; width: number; height: number } {
  const layers = Array.from(node.querySelectorAll<SVGSVGElement>('.svg-container svg.main-svg'));
  if (layers.length === 0) {
    throw new Error(t('There is no chart to save yet: run the cell.'));
  }
  const width = Number(layers[0].getAttribute('width')) || layers[0].clientWidth;
  const height = Number(layers[0].getAttribute('height')) || layers[0].clientHeight;
  const whole = document.createElementNS(NS, 'svg');
  whole.setAttribute('xmlns', NS);
  whole.setAttribute('width', String(width));
  whole.setAttribute('height', String(height));
  whole.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const ground = document.createElementNS(NS, 'rect');
  ground.setAttribute('width', '100%');
  ground.setAttribute('height', '100%');
  ground.setAttribute('fill', groundOf(node));
  whole.append(ground);
  for (const layer of layers) {
    for (const child of Array.from(layer.children)) {
      whole.append(child.cloneNode(true));
    }
  }
  for (const drag of Array.from(whole.querySelectorAll('.draglayer, .hoverlayer, .modebar'))) {
    drag.remove();
  }
  return { text: new XMLSerializer().serializeToString(whole), width, height };
}

/** Save the chart inside a node. */
export async function saveFigure(node: Element, form: 'png' | 'svg', name: string): Promise<void> {
  const { text, width, height } = svgOf(node);
  const svg = new Blob([text], { type: 'image/svg+xml' });
  if (form === 'svg') {
    keep(svg, `${name}.svg`);
    return;
  }
  const image = new Image();
  const address = URL.createObjectURL(svg);
  try {
    image.src = address;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = width * SHARP;
    canvas.height = height * SHARP;
    canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
    const png = await new Promise<Blob | null>(done => canvas.toBlob(done, 'image/png'));
    if (!png) {
      throw new Error(t('The browser could not draw the picture.'));
    }
    keep(png, `${name}.png`);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** Find the colour behind a chart: its own, or that of the page where it lets it through. */
function groundOf(node: Element): string {
  const paper = node.querySelector<SVGRectElement>('.main-svg rect.bg')?.style.fill ?? '';
  const own = node.querySelector<SVGElement>('svg.main-svg')?.style.background ?? '';
  const seen = [own, paper].find(color => color && !/transparent|rgba\(.*, 0\)/.test(color));
  return seen ?? getComputedStyle(node).getPropertyValue('--jp-layout-color1').trim();
}
