/** What can be dragged into a question? Cells, files and tables. */

import { Drag } from '@lumino/dragdrop';
import * as React from 'react';

import { Conversation } from './conversation';

/** Take cells and files that are dragged here. */
export function useDrop(box: React.RefObject<HTMLDivElement>, conversation: Conversation): void {
  React.useEffect(() => {
    const node = box.current;
    if (!node) {
      return;
    }
    const fits = (event: Drag.Event) =>
      event.mimeData.hasData('application/vnd.jupyter.cells') ||
      event.mimeData.hasData('application/x-jupyter-icontents');
    const over = (event: Event) => {
      const drag = event as Drag.Event;
      if (fits(drag)) {
        drag.preventDefault();
        drag.stopPropagation();
        drag.dropAction = 'copy';
        node.classList.add('clew-mod-drop');
      }
    };
    const leave = () => node.classList.remove('clew-mod-drop');
    const drop = (event: Event) => {
      const drag = event as Drag.Event;
      leave();
      if (!fits(drag)) {
        return;
      }
      drag.preventDefault();
      drag.stopPropagation();
      drag.dropAction = 'copy';
      for (const cell of drag.mimeData.getData('application/vnd.jupyter.cells') ?? []) {
        if (cell.id) {
          conversation.attach({ kind: 'cell', name: cell.id });
        }
      }
      for (const path of drag.mimeData.getData('application/x-jupyter-icontents') ?? []) {
        conversation.attach({ kind: 'file', name: path });
      }
    };
    const table = (event: DragEvent) => {
      const name = event.dataTransfer?.getData('application/x-clew-table');
      if (name) {
        event.preventDefault();
        conversation.attach({ kind: 'table', name });
      }
    };
    const allow = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes('application/x-clew-table')) {
        event.preventDefault();
      }
    };
    node.addEventListener('lm-dragenter', over);
    node.addEventListener('lm-dragover', over);
    node.addEventListener('lm-dragleave', leave);
    node.addEventListener('lm-drop', drop);
    node.addEventListener('dragover', allow);
    node.addEventListener('drop', table);
    return () => {
      node.removeEventListener('lm-dragenter', over);
      node.removeEventListener('lm-dragover', over);
      node.removeEventListener('lm-dragleave', leave);
      node.removeEventListener('lm-drop', drop);
      node.removeEventListener('dragover', allow);
      node.removeEventListener('drop', table);
    };
  }, [conversation]);
}
