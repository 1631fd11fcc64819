/**
 * How does the text of an answer get onto the screen?
 *
 * Through JupyterLab's rendermime with two walls of our own: raw HTML is shown as text, and what
 * comes out may hold only the few elements that Markdown makes, with no picture from elsewhere
 * and each link's address beside it.
 */

import { IRenderMimeRegistry, MimeModel } from '@jupyterlab/rendermime';
import { IRenderMime } from '@jupyterlab/rendermime-interfaces';

const ELEMENTS = new Set(
  ('a abbr b blockquote br code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i kbd li ol p pre s ' +
    'small span strong sub sup table tbody td tfoot th thead tr u ul').split(' ')
);
const GONE_WITH_CONTENT = new Set(
  'script style iframe object embed svg math template noscript title textarea select'.split(' ')
);
const ATTRIBUTES: { [element: string]: string[] } = {
  td: ['colspan', 'rowspan', 'align'],
  th: ['colspan', 'rowspan', 'align'],
  ol: ['start'],
  code: ['class'],
  span: ['class']
};
const LONGEST = 100_000;
// JupyterLab hands other fences to programs that draw them: its mermaid runs handlers in labels.
const LANGUAGES = /^[ \t]*(?:python|sql|json|yaml|text|bash|javascript|markdown)?[ \t]*$/i;
const FENCE = /^([ \t>*+\-\d.)]*(?:`{3,}|~{3,}))([^`\n]*)$/gm;

/** Keep only what Markdown makes. Parses in a document that loads nothing. */
export function strictHtml(dirty: string): string {
  const inert = new DOMParser().parseFromString(dirty, 'text/html');
  clean(inert.body, inert);
  return inert.body.innerHTML;
}

function clean(node: Element, inert: Document): void {
  for (const child of Array.from(node.childNodes)) {
    if (child.nodeType === Node.TEXT_NODE) {
      continue;
    }
    if (!(child instanceof Element) && child.nodeType !== Node.ELEMENT_NODE) {
      child.remove();
      continue;
    }
    const element = child as Element;
    const name = element.localName;
    if (name === 'img') {
      const alt = element.getAttribute('alt') || 'picture';
      element.replaceWith(inert.createTextNode(`[${alt}]`));
      continue;
    }
    if (GONE_WITH_CONTENT.has(name)) {
      element.remove();
      continue;
    }
    clean(element, inert);
    if (!ELEMENTS.has(name)) {
      element.replaceWith(...Array.from(element.childNodes));
      continue;
    }
    const href = name === 'a' ? element.getAttribute('href') : null;
    for (const attribute of Array.from(element.attributes)) {
      if (!(ATTRIBUTES[name] ?? []).includes(attribute.name)) {
        element.removeAttribute(attribute.name);
      }
    }
    if (name === 'a') {
      showAddress(element, href, inert);
    }
  }
}

/** Show where a link leads; only the web's own addresses can be followed. */
function showAddress(link: Element, href: string | null, inert: Document): void {
  const address = (href ?? '').trim();
  if (/^https?:\/\//i.test(address)) {
    link.setAttribute('href', address);
    link.setAttribute('target', '_blank');
    link.setAttribute('rel', 'noopener noreferrer nofollow');
    if (link.textContent?.trim() !== address) {
      link.after(inert.createTextNode(` (${address})`));
    }
  } else {
    const text = link.textContent ?? '';
    link.replaceWith(inert.createTextNode(address && address !== text ? `${text} (${address})` : text));
  }
}

const strict: IRenderMime.ISanitizer = {
  sanitize: strictHtml,
  getAutolink: () => false,
  allowNamedProperties: false
};

/** Write raw HTML so that it is read, not obeyed; code stays as it is. */
export function withoutHtml(markdown: string): string {
  return markdown
    .slice(0, LONGEST)
    .replace(FENCE, (all, fence, language) => (LANGUAGES.test(language) ? all : fence))
    .split(/(```[\s\S]*?(?:```|$)|`[^`\n]*`)/)
    .map((part, i) => (i % 2 ? part : part.replace(/<(?=[a-z/!?])/gi, '\\<')))
    .join('');
}

/** Render Markdown into a node. */
export async function renderMarkdown(
  host: HTMLElement,
  markdown: string,
  registry: IRenderMimeRegistry
): Promise<void> {
  const rendermime = registry.clone({ sanitizer: strict });
  const renderer = rendermime.createRenderer('text/markdown');
  const model = new MimeModel({ data: { 'text/markdown': withoutHtml(markdown) }, trusted: false });
  await renderer.renderModel(model);
  // Its rendered nodes only: the widget has no place in Lumino's tree.
  host.replaceChildren(...Array.from(renderer.node.childNodes));
  renderer.dispose();
}

/** Turn the printed numbers, in their order, into what the caller makes of each. */
export function markNumbers(
  host: HTMLElement,
  texts: string[],
  make: (index: number, text: string) => HTMLElement
): number {
  const walker = document.createTreeWalker(host, NodeFilter.SHOW_TEXT);
  let next = 0;
  let node = walker.nextNode() as Text | null;
  while (node && next < texts.length) {
    const at = findNumber(node.data, texts[next]);
    if (at < 0) {
      node = walker.nextNode() as Text | null;
      continue;
    }
    const number = node.splitText(at);
    const rest = number.splitText(texts[next].length);
    number.replaceWith(make(next, texts[next]));
    next++;
    walker.currentNode = rest;
    node = rest;
  }
  return next;
}

/** Find a number that stands by itself: "12" is not in "2012" or "12.5". */
function findNumber(text: string, number: string): number {
  for (let at = text.indexOf(number); at >= 0; at = text.indexOf(number, at + 1)) {
    const before = text.slice(0, at);
    const after = text.slice(at + number.length);
    if (!/[\d](?:[.,])?$/.test(before) && !/^(?:[.,]?\d)/.test(after)) {
      return at;
    }
  }
  return -1;
}
