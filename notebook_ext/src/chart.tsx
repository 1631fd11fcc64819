/** How is the chart of an answer shown? By the renderer for Plotly that JupyterLab has anyway. */

import { IRenderMimeRegistry, MimeModel } from '@jupyterlab/rendermime';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import * as api from './api';
import { saveFigure } from './figure_file';
import { t } from './words';

const PLOTLY = 'application/vnd.plotly.v1+json';
const HEIGHT = 260;

interface IProps {
  run: string;
  /** Of a plan of several; null for the answer's own chart. */
  step: string | null;
  title: string;
  /** How it becomes a cell of the notebook; null where it can't. */
  pin: { done: boolean; go: () => void } | null;
  rendermime: IRenderMimeRegistry;
}

export function Chart({ run, step, title, pin, rendermime }: IProps): JSX.Element | null {
  const host = React.useRef<HTMLDivElement>(null);
  const [gone, setGone] = React.useState(false);
  React.useEffect(() => {
    let left = false;
    let widget: Widget | null = null;
    let watch: ResizeObserver | null = null;
    const draw = async () => {
      if (!rendermime.preferredMimeType({ [PLOTLY]: {} }, 'any')) {
        setGone(true); // no renderer for Plotly is installed
        return;
      }
      const where = `figures/${encodeURIComponent(run)}${step ? `/${encodeURIComponent(step)}` : ''}`;
      const figure = await api.call<{ data: any[]; layout: any }>(where);
      if (left || !host.current) {
        return;
      }
      const renderer = rendermime.createRenderer(PLOTLY);
      widget = renderer;
      Widget.attach(renderer, host.current);
      const layout = { ...figure.layout, ...fitted(figure.layout, host.current) };
      const config = { displayModeBar: false, showSendToCloud: false, responsive: true };
      const data = { [PLOTLY]: { data: figure.data, layout, config } as any };
      await renderer.renderModel(new MimeModel({ data, trusted: false }));
      watch = new ResizeObserver(() =>
        MessageLoop.postMessage(renderer, Widget.ResizeMessage.UnknownSize)
      );
      watch.observe(host.current);
    };
    draw().catch(() => !left && setGone(true));
    return () => {
      left = true;
      watch?.disconnect();
      widget?.dispose();
    };
  }, [run, step]);
  return gone ? null : (
    <figure className="clew-Figure">
      {title && <figcaption>{title}</figcaption>}
      <div ref={host} className="clew-Chart" role="img" aria-label={title || t('Chart')} />
      <div className="clew-Buttons clew-Result-foot">
        {pin && !pin.done && (
          <button className="clew-Button" onClick={pin.go}>
            {t('Pin as a cell')}
          </button>
        )}
        {pin?.done && <span className="clew-Badge clew-mod-accepted">{t('In the notebook')}</span>}
        {(['png', 'svg'] as const).map(form => (
          <button
            key={form}
            className="clew-Button clew-mod-quiet"
            title={t('Save the picture')}
            onClick={() => saveFigure(host.current!, form, title || 'chart').catch(console.error)}
          >
            {form.toUpperCase()}
          </button>
        ))}
      </div>
    </figure>
  );
}

/** Fit a figure into the narrow panel, in the colours of the theme. */
function fitted(layout: any, host: HTMLElement): { [key: string]: any } {
  const style = getComputedStyle(host);
  const text = style.getPropertyValue('--jp-ui-font-color1').trim();
  const line = style.getPropertyValue('--jp-border-color2').trim();
  const axes: { [key: string]: any } = {};
  for (const key of ['xaxis', 'yaxis']) {
    axes[key] = { ...layout?.[key], automargin: true, gridcolor: line, linecolor: line };
  }
  return {
    ...axes,
    width: undefined,
    height: HEIGHT,
    autosize: true,
    margin: { l: 8, r: 8, t: 8, b: 8 },
    font: { ...layout?.font, color: text, size: 11 },
    title: undefined, // it stands above, where it can be wrapped
    paper_bgcolor: 'rgba(0, 0, 0, 0)',
    plot_bgcolor: 'rgba(0, 0, 0, 0)'
  };
}
