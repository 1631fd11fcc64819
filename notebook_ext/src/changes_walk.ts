/** Which proposed change comes next, from the top of the notebook down? And how is it reached? */

import { Conversation } from './conversation';
import { placeOf } from './edits';
import { indexOf } from './notebook';
import { IItem, Turn } from './turn';

const TRIES = 40;

interface IChange {
  turn: Turn;
  item: IItem;
  /** Of the cell that it stands at. */
  index: number;
}

/** List the open changes in the order of the notebook. */
export function openChanges(conversation: Conversation): IChange[] {
  const notebook = conversation.panel?.model?.sharedModel;
  if (!notebook) {
    return [];
  }
  const line = notebook.cells.map(cell => cell.id);
  const found: IChange[] = [];
  for (const turn of conversation.turns) {
    const all = turn.items.map(item => item.proposal);
    for (const item of turn.items.filter(other => other.state === 'open')) {
      const { proposal } = item;
      const index =
        proposal.op === 'insert'
          ? placeOf(line, proposal, all, turn.order) - 1
          : indexOf(notebook, proposal.cell_id);
      if (index >= 0 || proposal.op === 'insert') {
        found.push({ turn, item, index });
      }
    }
  }
  return found.sort((a, b) => a.index - b.index);
}

/** Accept what is open in all answers, each answer as one step. */
export async function acceptAll(conversation: Conversation): Promise<void> {
  for (const turn of new Set(openChanges(conversation).map(change => change.turn))) {
    const open = turn.items.filter(item => item.state === 'open');
    if (turn.recovers === null && !(await conversation.decisions.accept(turn, open))) {
      return; // it is told why
    }
  }
}

/** Go to the next open change (or the one before), and put the focus on its first button. */
export async function walk(conversation: Conversation, step: 1 | -1): Promise<boolean> {
  const changes = openChanges(conversation);
  const panel = conversation.panel;
  if (!panel || changes.length === 0) {
    return false;
  }
  const here = document.activeElement?.closest<HTMLElement>('[data-proposal]')?.dataset.proposal;
  const at = changes.findIndex(change => change.item.proposal.id === here);
  const next = changes[at < 0 ? (step > 0 ? 0 : changes.length - 1) : (at + step + changes.length) % changes.length];
  const index = Math.max(0, next.index);
  panel.content.activeCellIndex = index;
  await panel.content.scrollToItem(index, 'smart');
  const selector = `.clew-Ghost [data-proposal="${CSS.escape(next.item.proposal.id)}"]`;
  // A cell that was out of sight gets its content, and the card below it, a moment later.
  for (let tries = 0; tries < TRIES; tries++) {
    const card = panel.node.querySelector<HTMLElement>(selector);
    if (card) {
      card.scrollIntoView({ block: 'nearest' });
      card.querySelector<HTMLElement>('.clew-Buttons button')?.focus();
      return true;
    }
    await new Promise(done => window.setTimeout(done, 50));
  }
  return false;
}
