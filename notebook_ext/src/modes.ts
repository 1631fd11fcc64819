/** How much happens without asking? Of the four modes, what two do once an answer is there. */

import { Conversation } from './conversation';
import { Turn } from './turn';
import { tn } from './words';

/**
 * Accept what a mode lets through: "edits" accepts cells, "auto" runs them too.
 *
 * What is flagged as risky is never accepted unasked, and nothing is where the person stopped the
 * answer or another notebook is read-only. Everything can be taken back as one step.
 */
export async function obeyMode(conversation: Conversation, turn: Turn, mode: string): Promise<void> {
  const answered = turn.answer?.status === 'answered';
  if ((mode !== 'edits' && mode !== 'auto') || !answered || conversation.readOnly) {
    return;
  }
  const open = turn.items.filter(item => item.state === 'open');
  const safe = open.filter(item => item.proposal.risk === 'none');
  if (safe.length === 0 || !conversation.panel) {
    return;
  }
  if (!(await conversation.decisions.accept(turn, safe))) {
    return;
  }
  const left = open.length - safe.length;
  if (left > 0) {
    conversation.notice = {
      text: tn(
        'One cell could do more than read: it waits for your word.',
        '%1 cells could do more than read: they wait for your word.',
        left
      )
    };
    conversation.touch();
  }
  if (mode === 'auto' && left === 0) {
    await conversation.decisions.run(turn);
  }
}
