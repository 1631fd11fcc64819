"use strict";(self.rspackChunkclew_notebook_ext=self.rspackChunkclew_notebook_ext||[]).push([[266],{335(o,e,r){var l=r(601),a=r.n(l),t=r(314),i=(r.n(t))()(a());i.push([o.id,`/* The look of answers: receipts, results, proposals. */

/* --- receipts ------------------------------------------------------------------------------- */

.clew-Receipt {
  position: relative;
}

.clew-Receipt-number {
  display: inline;
  padding: 0;
  border: none;
  border-bottom: 1px dotted var(--jp-brand-color1);
  background: none;
  color: inherit;
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}

.clew-Receipt-card {
  position: fixed;
  z-index: 10000;
  display: flex;
  flex-direction: column;
  gap: 4px;
  width: max-content;
  box-sizing: border-box;
  padding: 8px;
  border: 1px solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  background: var(--jp-layout-color1);
  box-shadow: var(--jp-elevation-z6);
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
}

.clew-Receipt-card code.clew-Receipt-sql {
  display: block;
  max-height: 180px;
  overflow: auto;
  padding: 4px;
  background: var(--jp-layout-color2);
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-ui-font-size0);
  white-space: pre-wrap;
}

.clew-Receipt-value {
  font-weight: 600;
  font-variant-numeric: tabular-nums;
}

.clew-Receipt-place {
  font-size: var(--jp-ui-font-size0);
  color: var(--jp-ui-font-color2);
}

/* --- result --------------------------------------------------------------------------------- */

.clew-Figure {
  margin: 8px 0;
}

.clew-Figure figcaption {
  font-weight: 600;
}

.clew-Chart {
  height: 260px;
  overflow: hidden;
}

.clew-Task {
  margin: 8px 0 2px;
  font-size: var(--jp-ui-font-size1);
}

.clew-Result {
  margin: 6px 0;
}

.clew-Result-scroll {
  overflow: auto;
  max-height: 320px;
  border: 1px solid var(--jp-border-color2);
  border-radius: var(--jp-border-radius);
}

.clew-Result table {
  border-collapse: collapse;
  min-width: 100%;
  font-size: var(--jp-ui-font-size1);
}

.clew-Result th {
  position: sticky;
  top: 0;
  background: var(--jp-layout-color2);
  text-align: left;
}

.clew-Result th button {
  padding: 3px 8px;
  border: none;
  background: none;
  color: inherit;
  font: inherit;
  font-weight: 600;
  cursor: pointer;
  white-space: nowrap;
}

.clew-Result td {
  padding: 2px 8px;
  border-top: 1px solid var(--jp-border-color3);
  white-space: nowrap;
  max-width: 260px;
  overflow: hidden;
  text-overflow: ellipsis;
}

.clew-Result .clew-mod-number {
  text-align: right;
  font-variant-numeric: tabular-nums;
}

.clew-Result-foot {
  font-size: var(--jp-ui-font-size0);
  color: var(--jp-ui-font-color2);
}

/* --- proposals ------------------------------------------------------------------------------ */

.clew-Proposal {
  margin: 6px 0;
  padding: 6px 8px;
  border: 1px solid var(--jp-border-color1);
  border-left: 3px solid var(--jp-brand-color1);
  border-radius: var(--jp-border-radius);
  background: var(--jp-layout-color1);
}

.clew-Proposal.clew-mod-delete {
  border-left-color: var(--jp-error-color1);
}

.clew-Proposal.clew-mod-accepted,
.clew-Proposal.clew-mod-edited {
  border-left-color: var(--jp-success-color1);
}

.clew-Proposal.clew-mod-rejected {
  border-left-color: var(--jp-border-color1);
  color: var(--jp-ui-font-color2);
}

.clew-Proposal-head {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 6px;
}

.clew-Proposal-title {
  flex: 1 1 auto;
  font-weight: 600;
}

.clew-Diff pre {
  margin: 4px 0;
  padding: 2px 0;
  max-height: 300px;
  overflow: auto;
  background: var(--jp-cell-editor-background, var(--jp-layout-color0));
  border: 1px solid var(--jp-border-color2);
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  line-height: 1.4;
}

.clew-Diff pre > div {
  width: max-content;
  min-width: 100%;
  padding-right: 8px;
  box-sizing: border-box;
}

.clew-Diff-sign {
  display: inline-block;
  width: 18px;
  text-align: center;
  user-select: none;
  color: var(--jp-ui-font-color2);
}

.clew-Diff .clew-mod-in {
  background: color-mix(in srgb, var(--jp-success-color1) 16%, transparent);
}

.clew-Diff .clew-mod-out {
  background: color-mix(in srgb, var(--jp-error-color1) 16%, transparent);
}

.clew-Exact {
  margin: 4px 0;
  max-height: 240px;
  overflow: auto;
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  white-space: pre-wrap;
}

.clew-Editor {
  width: 100%;
  margin: 4px 0;
  padding: 4px;
  box-sizing: border-box;
  border: 1px solid var(--jp-border-color1);
  background: var(--jp-cell-editor-background, var(--jp-layout-color0));
  color: var(--jp-content-font-color1);
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  resize: vertical;
}

.clew-PlanEdit {
  display: flex;
  gap: 6px;
  align-items: center;
  margin: 4px 0;
}

.clew-PlanEdit textarea {
  resize: vertical;
  flex: 1 1 auto;
  min-width: 0;
  padding: 2px 4px;
  border: 1px solid var(--jp-border-color1);
  background: var(--jp-layout-color0);
  color: inherit;
  font: inherit;
}

.clew-Ghost {
  margin: 4px 0 4px calc(var(--jp-cell-prompt-width) + var(--jp-cell-collapser-width));
  overflow: visible;
}

.clew-Ghost .clew-Proposal {
  border-style: dashed;
  border-left-style: solid;
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
}

.clew-ErrorBar {
  margin-left: calc(var(--jp-cell-prompt-width) + var(--jp-cell-collapser-width));
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
}

.jp-Cell.clew-mod-found {
  animation: clew-found 1.6s ease-out;
}

@keyframes clew-found {
  from {
    box-shadow: 0 0 0 3px var(--jp-brand-color1);
  }

  to {
    box-shadow: 0 0 0 3px transparent;
  }
}

/* --- what was sent, and what was run -------------------------------------------------------- */

.clew-Sent,
.clew-Tool {
  margin: 4px 0;
  font-size: var(--jp-ui-font-size0);
}

.clew-Sent summary,
.clew-Tool summary {
  padding: 2px 0;
  color: var(--jp-ui-font-color2);
  cursor: pointer;
}

.clew-Tool summary {
  color: var(--jp-ui-font-color1);
}

.clew-Sent pre,
.clew-Tool pre {
  padding: 4px;
  background: var(--jp-layout-color2);
  font-size: var(--jp-ui-font-size0);
  overflow-wrap: anywhere;
}

.clew-SentCells {
  margin: 4px 0;
  padding: 0;
  list-style: none;
}

.clew-SentCells pre {
  max-height: 90px;
}

.clew-Said {
  display: grid;
  grid-template-columns: max-content 1fr;
  gap: 2px 8px;
  margin: 4px 0;
}

.clew-Said dt {
  color: var(--jp-ui-font-color2);
}

.clew-Said dd {
  margin: 0;
  overflow-wrap: anywhere;
}

.clew-Preview th {
  padding: 2px 8px;
}

.clew-Preview > .clew-Button {
  padding: 0;
  color: var(--jp-content-link-color);
}
`,""]),r.d(e,{},{A:i})},475(o,e,r){var l=r(601),a=r.n(l),t=r(314),i=(r.n(t))()(a());i.push([o.id,`/* The look of the panel: JupyterLab's own variables only, so that every theme fits. */

.clew-Panel {
  min-width: 220px;
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
  overflow: hidden;
}

.clew-Face,
.clew-Chat {
  display: flex;
  flex-direction: column;
  height: 100%;
  min-height: 0;
}

.clew-Chat {
  flex: 1 1 auto;
}

.clew-Chat[hidden] {
  display: none;
}

.clew-Panel :focus-visible,
.clew-Ghost :focus-visible,
.clew-ErrorBar :focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

/* --- bar ------------------------------------------------------------------------------------ */

.clew-Bar {
  flex: none;
  position: relative;
  border-bottom: 1px solid var(--jp-border-color2);
}

.clew-Tabs {
  display: flex;
  gap: 2px;
  padding: 4px 8px 0;
}

.clew-Tab {
  padding: 4px 8px;
  border: none;
  border-bottom: 2px solid transparent;
  background: none;
  color: var(--jp-ui-font-color2);
  font: inherit;
  cursor: pointer;
}

.clew-Tab[aria-pressed='true'] {
  border-bottom-color: var(--jp-brand-color1);
  color: var(--jp-ui-font-color1);
  font-weight: 600;
}

.clew-Threads {
  display: flex;
  align-items: center;
  padding: 2px 4px;
}

.clew-Threads-title {
  flex: 1 1 auto;
  display: flex;
  min-width: 0;
  gap: 4px;
  text-align: left;
}

.clew-Threads-title span {
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.clew-ThreadList {
  position: absolute;
  z-index: 10;
  left: 4px;
  right: 4px;
  top: 100%;
  max-height: 60vh;
  overflow: auto;
  background: var(--jp-layout-color1);
  border: 1px solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  box-shadow: var(--jp-elevation-z4);
}

.clew-ThreadList ul,
.clew-Variables,
.clew-Choices {
  list-style: none;
  margin: 0;
  padding: 4px;
}

.clew-ThreadList li {
  display: flex;
  align-items: center;
}

.clew-ThreadList li.clew-mod-open {
  background: var(--jp-layout-color2);
}

.clew-ThreadList input,
.clew-Filter {
  width: 100%;
  padding: 4px 6px;
  border: 1px solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  background: var(--jp-input-background, var(--jp-layout-color1));
  color: inherit;
  font: inherit;
  box-sizing: border-box;
}

/* --- buttons, chips, notes ------------------------------------------------------------------ */

.clew-Button {
  min-height: 24px;
  padding: 2px 8px;
  border: 1px solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font: inherit;
  cursor: pointer;
}

.clew-Button:hover:not(:disabled) {
  background: var(--jp-layout-color2);
}

.clew-Button:disabled {
  color: var(--jp-ui-font-color3);
  cursor: default;
}

.clew-Button.clew-mod-main:not(:disabled) {
  border-color: var(--jp-brand-color1);
  background: var(--jp-brand-color1);
  color: var(--jp-ui-inverse-font-color1);
}

.clew-Button.clew-mod-main:hover:not(:disabled) {
  background: var(--jp-brand-color0);
}

.clew-Button.clew-mod-stop {
  border-color: var(--jp-error-color1);
  color: var(--jp-error-color1);
}

.clew-Button.clew-mod-quiet {
  border-color: transparent;
  background: none;
}

.clew-Button.clew-mod-icon {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  min-width: 26px;
  padding: 2px 4px;
}

.clew-Button.clew-mod-icon span {
  display: flex;
}

.clew-Diff > .clew-Button {
  padding: 0;
  color: var(--jp-content-link-color);
}

.clew-Buttons {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 4px;
  margin-top: 4px;
}

.clew-Buttons.clew-mod-bar {
  margin: 6px 0;
}

.clew-Quiet {
  color: var(--jp-ui-font-color2);
}

.clew-Note {
  margin: 4px 0;
  padding: 4px 8px;
  border-left: 3px solid var(--jp-border-color1);
  color: var(--jp-ui-font-color1);
}

.clew-Note.clew-mod-warn {
  border-left-color: var(--jp-warn-color1);
  background: var(--jp-layout-color2);
}

.clew-Notice {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 4px;
  margin: 4px 8px;
}

.clew-Notice > span {
  flex: 1 1 120px;
}

.clew-Badge {
  padding: 0 6px;
  border: 1px solid var(--jp-border-color1);
  border-radius: 8px;
  font-size: var(--jp-ui-font-size0);
  color: var(--jp-ui-font-color2);
  white-space: nowrap;
}

.clew-Badge.clew-mod-warn {
  border-color: var(--jp-warn-color1);
  color: var(--jp-ui-font-color1);
}

.clew-Badge.clew-mod-accepted,
.clew-Badge.clew-mod-edited {
  border-color: var(--jp-success-color1);
  color: var(--jp-ui-font-color1);
}

/* --- log ------------------------------------------------------------------------------------ */

.clew-Log {
  position: relative;
  overflow-anchor: none;
  flex: 1 1 auto;
  min-height: 0;
  overflow: auto;
}

.clew-Log-content {
  padding: 8px;
}

.clew-Spoken {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
}

.clew-Turn {
  margin-bottom: 16px;
}

.clew-Question {
  margin: 0 0 6px 16px;
  padding: 6px 10px;
  border-radius: 8px 8px 2px 8px;
  background: var(--jp-layout-color2);
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}

.clew-Status {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 6px;
  color: var(--jp-ui-font-color2);
}

.clew-Elapsed {
  font-variant-numeric: tabular-nums;
  color: var(--jp-ui-font-color2);
  white-space: nowrap;
}

.clew-Spinner {
  width: 10px;
  height: 10px;
  border: 2px solid var(--jp-border-color1);
  border-top-color: var(--jp-brand-color1);
  border-radius: 50%;
  animation: clew-turn 0.9s linear infinite;
}

@keyframes clew-turn {
  to {
    transform: rotate(1turn);
  }
}

.clew-Plan {
  list-style: none;
  margin: 4px 0;
  padding: 0;
}

.clew-Step {
  display: flex;
  gap: 6px;
  align-items: baseline;
  padding: 1px 0;
}

.clew-Step.clew-mod-finish .clew-Step-mark {
  color: var(--jp-success-color1);
}

.clew-Step.clew-mod-failed .clew-Step-mark {
  color: var(--jp-error-color1);
}

.clew-Step.clew-mod-execution .clew-Step-mark {
  color: var(--jp-brand-color1);
}

.clew-Step-task {
  flex: 1 1 auto;
  overflow-wrap: anywhere;
}

.clew-Agent {
  padding: 0 6px;
  border-radius: var(--jp-border-radius);
  background: var(--jp-layout-color3);
  font-size: var(--jp-ui-font-size0);
}

.clew-Prose.jp-RenderedHTMLCommon {
  padding: 0;
  font-size: var(--jp-ui-font-size1);
  line-height: 1.5;
  overflow-wrap: anywhere;
}

.clew-Prose.jp-RenderedHTMLCommon > :last-child {
  margin-bottom: 4px;
}

.clew-Options {
  display: flex;
  flex-direction: column;
  gap: 4px;
  margin: 4px 0;
}

.clew-Options .clew-Button {
  text-align: left;
}

.clew-Cost {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  justify-content: space-between;
  gap: 4px;
  margin-top: 4px;
  font-size: var(--jp-ui-font-size0);
  color: var(--jp-ui-font-color2);
}

.clew-Cost .clew-Button {
  font-size: var(--jp-ui-font-size0);
  color: var(--jp-ui-font-color2);
}

.clew-Welcome p {
  margin: 4px 0 8px;
}

.clew-Empty {
  padding: 16px;
}

@media (prefers-reduced-motion: reduce) {
  .clew-Spinner,
  .jp-Cell.clew-mod-found {
    animation: none;
  }

  .jp-Cell.clew-mod-found {
    box-shadow: 0 0 0 3px var(--jp-brand-color1);
  }
}

.clew-Speaker {
  display: flex;
  align-items: center;
  gap: 6px;
  margin: 2px 0;
  color: var(--jp-ui-font-color2);
}

.clew-Speaker span:first-child {
  display: flex;
}
`,""]),r.d(e,{},{A:i})},33(o,e,r){var l=r(601),a=r.n(l),t=r(314),i=(r.n(t))()(a());i.push([o.id,`/* The look of what stands below the cells of a notebook. */

.clew-Foot {
  margin-left: calc(var(--jp-cell-prompt-width) + var(--jp-cell-collapser-width));
  overflow: visible;
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
}

.clew-Foot :focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

.clew-Foot select,
.clew-Foot input {
  min-height: 24px;
  max-width: 100%;
  box-sizing: border-box;
  border: 1px solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  background: var(--jp-layout-color1);
  color: inherit;
  font: inherit;
}

.clew-Foot .clew-Filter {
  width: 140px;
}

.clew-Foot fieldset {
  margin: 4px 0;
  padding: 8px;
  border: 1px solid var(--jp-border-color2);
  border-radius: var(--jp-border-radius);
}

.clew-Origin {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 6px;
  margin-top: 2px;
}

.clew-FormField {
  display: inline-flex;
  align-items: center;
  gap: 6px;
}

.clew-FormField > span {
  color: var(--jp-ui-font-color2);
}

.clew-ChartForm .clew-FormField > span {
  min-width: 78px;
}

.clew-ChannelRow {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 6px;
  margin: 4px 0;
}

.clew-Foot .clew-Result-scroll {
  max-height: 360px;
}

.clew-Export {
  display: inline-flex;
}

.clew-Receipt-number.clew-mod-stale {
  border-bottom: 2px dashed var(--jp-warn-color1);
}

.clew-Receipt-mark {
  margin-left: 2px;
  font-size: var(--jp-ui-font-size0);
}

.clew-Receipt-stale {
  padding-left: 6px;
  border-left: 3px solid var(--jp-warn-color1);
}

.clew-Foot input[type='checkbox'] {
  min-height: 0;
  margin: 0;
}

.clew-Foot .clew-Choice {
  margin: 4px 0;
}
`,""]),r.d(e,{},{A:i})},158(o,e,r){var l=r(601),a=r.n(l),t=r(314),i=(r.n(t))()(a());i.push([o.id,`/* The look of where the question is written. */

/* --- composer ------------------------------------------------------------------------------- */

.clew-Composer {
  flex: none;
  position: relative;
  padding: 6px 8px 8px;
  border-top: 1px solid var(--jp-border-color2);
  background: var(--jp-layout-color1);
}

.clew-Composer.clew-mod-drop {
  outline: 2px dashed var(--jp-brand-color1);
  outline-offset: -4px;
}

/* A toast stands over the lower right corner and would cover what is written there. */
body:has(.Toastify__toast) .clew-Composer {
  padding-bottom: 120px;
}

.clew-Chips {
  display: flex;
  flex-wrap: wrap;
  gap: 4px;
  margin-bottom: 4px;
}

.clew-Chip {
  display: inline-flex;
  align-items: center;
  max-width: 100%;
  padding: 1px 6px;
  border: 1px solid var(--jp-border-color2);
  border-radius: 10px;
  background: var(--jp-layout-color2);
  color: var(--jp-ui-font-color1);
  font: inherit;
  font-size: var(--jp-ui-font-size0);
}

.clew-Chip-text,
.clew-Chip-remove {
  border: none;
  background: none;
  color: inherit;
  font: inherit;
  cursor: pointer;
}

.clew-Chip-text {
  padding: 0;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.clew-Chip-remove {
  min-width: 20px;
  min-height: 20px;
}

.clew-Field {
  width: 100%;
  padding: 6px 8px;
  box-sizing: border-box;
  border: 1px solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  background: var(--jp-input-background, var(--jp-layout-color0));
  color: var(--jp-ui-font-color1);
  font: inherit;
  line-height: 1.4;
  resize: none;
  min-height: 50px;
}

.clew-Field::placeholder {
  color: var(--jp-ui-font-color2);
}

.clew-Composer-foot {
  display: flex;
  align-items: center;
  gap: 6px;
  margin-top: 4px;
}

.clew-Composer-foot select {
  padding: 2px;
  border: 1px solid var(--jp-border-color2);
  border-radius: var(--jp-border-radius);
  background: var(--jp-layout-color1);
  color: inherit;
  font: inherit;
}

.clew-Hint {
  flex: 1 1 auto;
  overflow: hidden;
  font-size: var(--jp-ui-font-size0);
  color: var(--jp-ui-font-color2);
  text-align: right;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.clew-Choices {
  position: absolute;
  z-index: 10;
  left: 8px;
  right: 8px;
  bottom: 100%;
  max-height: 240px;
  overflow: auto;
  border: 1px solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  background: var(--jp-layout-color1);
  box-shadow: var(--jp-elevation-z4);
}

.clew-Choices li {
  padding: 3px 6px;
  cursor: pointer;
}

.clew-Choices li span {
  color: var(--jp-ui-font-color2);
}

.clew-Choices li[aria-selected='true'] {
  background: var(--jp-layout-color2);
}
`,""]),r.d(e,{},{A:i})},391(o,e,r){var l=r(601),a=r.n(l),t=r(314),i=(r.n(t))()(a());i.push([o.id,`/* The look of sources and of the context map. */

/* --- sources and context -------------------------------------------------------------------- */

.clew-Sources,
.clew-Context {
  flex: 1 1 auto;
  min-height: 0;
  padding: 8px;
  overflow: auto;
}

.clew-Sources h3,
.clew-Context h3 {
  margin: 10px 0 4px;
  font-size: var(--jp-ui-font-size1);
}

.clew-Model p {
  overflow-wrap: anywhere;
}

.clew-Table summary {
  padding: 3px 0;
  cursor: pointer;
}

.clew-Table dl {
  margin: 4px 0 8px 14px;
}

.clew-Table dt {
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
}

.clew-Table dd {
  margin: 0 0 4px 12px;
}

.clew-Table p {
  margin: 2px 0 4px 14px;
}

.clew-Map {
  position: relative;
  display: flex;
  margin: 4px 0 8px;
}

.clew-Map svg {
  flex: none;
}

.clew-Map svg path {
  fill: none;
  stroke: var(--jp-brand-color1);
  stroke-width: 1.5;
}

.clew-Map ol {
  flex: 1 1 auto;
  min-width: 0;
  margin: 0;
  padding: 0;
  list-style: none;
}

.clew-MapCell {
  display: flex;
  align-items: center;
  gap: 6px;
  width: 100%;
  height: 24px;
  padding: 0 6px;
  border: 1px solid var(--jp-border-color2);
  border-radius: var(--jp-border-radius);
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color2);
  font: inherit;
  text-align: left;
  cursor: pointer;
}

.clew-MapCell.clew-mod-kept {
  border-color: var(--jp-brand-color1);
  color: var(--jp-ui-font-color1);
}

.clew-MapCell.clew-mod-stale {
  border-style: dashed;
}

.clew-MapCell-text {
  flex: 1 1 auto;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.clew-Choice {
  display: flex;
  gap: 6px;
  align-items: center;
}
`,""]),r.d(e,{},{A:i})},646(o,e,r){var l=r(601),a=r.n(l),t=r(314),i=r.n(t),n=r(475),p=r(158),c=r(335),d=r(391),s=r(33),w=i()(a());w.i(n.A),w.i(p.A),w.i(c.A),w.i(d.A),w.i(s.A),w.push([o.id,`
`,""]),r.d(e,{},{A:w})},314(o){o.exports=function(o){var e=[];return e.toString=function(){return this.map(function(e){var r="",l=void 0!==e[5];return e[4]&&(r+="@supports (".concat(e[4],") {")),e[2]&&(r+="@media ".concat(e[2]," {")),l&&(r+="@layer".concat(e[5].length>0?" ".concat(e[5]):""," {")),r+=o(e),l&&(r+="}"),e[2]&&(r+="}"),e[4]&&(r+="}"),r}).join("")},e.i=function(o,r,l,a,t){"string"==typeof o&&(o=[[null,o,void 0]]);var i={};if(l)for(var n=0;n<this.length;n++){var p=this[n][0];null!=p&&(i[p]=!0)}for(var c=0;c<o.length;c++){var d=[].concat(o[c]);l&&i[d[0]]||(void 0!==t&&(void 0===d[5]||(d[1]="@layer".concat(d[5].length>0?" ".concat(d[5]):""," {").concat(d[1],"}")),d[5]=t),r&&(d[2]&&(d[1]="@media ".concat(d[2]," {").concat(d[1],"}")),d[2]=r),a&&(d[4]?(d[1]="@supports (".concat(d[4],") {").concat(d[1],"}"),d[4]=a):d[4]="".concat(a)),e.push(d))}},e}},601(o){o.exports=function(o){return o[1]}},665(o,e,r){r.r(e);var l=r(72),a=r.n(l),t=r(825),i=r.n(t),n=r(659),p=r.n(n),c=r(56),d=r.n(c),s=r(540),w=r.n(s),u=r(113),f=r.n(u),x=r(646),v={};v.styleTagTransform=f(),v.setAttributes=d(),v.insert=p().bind(null,"head"),v.domAPI=i(),v.insertStyleElement=w(),a()(x.A,v);let h=x.A&&x.A.locals?x.A.locals:void 0;r.d(e,{},{default:h})},72(o){var e=[];function r(o){for(var r=-1,l=0;l<e.length;l++)if(e[l].identifier===o){r=l;break}return r}function l(o,l){for(var a={},t=[],i=0;i<o.length;i++){var n=o[i],p=l.base?n[0]+l.base:n[0],c=a[p]||0,d="".concat(p," ").concat(c);a[p]=c+1;var s=r(d),w={css:n[1],media:n[2],sourceMap:n[3],supports:n[4],layer:n[5]};if(-1!==s)e[s].references++,e[s].updater(w);else{var u=function(o,e){var r=e.domAPI(e);return r.update(o),function(e){e?(e.css!==o.css||e.media!==o.media||e.sourceMap!==o.sourceMap||e.supports!==o.supports||e.layer!==o.layer)&&r.update(o=e):r.remove()}}(w,l);l.byIndex=i,e.splice(i,0,{identifier:d,updater:u,references:1})}t.push(d)}return t}o.exports=function(o,a){var t=l(o=o||[],a=a||{});return function(o){o=o||[];for(var i=0;i<t.length;i++){var n=r(t[i]);e[n].references--}for(var p=l(o,a),c=0;c<t.length;c++){var d=r(t[c]);0===e[d].references&&(e[d].updater(),e.splice(d,1))}t=p}}},659(o){var e={};o.exports=function(o,r){var l=function(o){if(void 0===e[o]){var r=document.querySelector(o);if(window.HTMLIFrameElement&&r instanceof window.HTMLIFrameElement)try{r=r.contentDocument.head}catch(o){r=null}e[o]=r}return e[o]}(o);if(!l)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");l.appendChild(r)}},540(o){o.exports=function(o){var e=document.createElement("style");return o.setAttributes(e,o.attributes),o.insert(e,o.options),e}},56(o,e,r){o.exports=function(o){var e=r.nc;e&&o.setAttribute("nonce",e)}},825(o){o.exports=function(o){if("u"<typeof document)return{update:function(){},remove:function(){}};var e=o.insertStyleElement(o);return{update:function(r){var l,a,t;l="",r.supports&&(l+="@supports (".concat(r.supports,") {")),r.media&&(l+="@media ".concat(r.media," {")),(a=void 0!==r.layer)&&(l+="@layer".concat(r.layer.length>0?" ".concat(r.layer):""," {")),l+=r.css,a&&(l+="}"),r.media&&(l+="}"),r.supports&&(l+="}"),(t=r.sourceMap)&&"u">typeof btoa&&(l+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(t))))," */")),o.styleTagTransform(l,e,o.options)},remove:function(){var o;null===(o=e).parentNode||o.parentNode.removeChild(o)}}}},113(o){o.exports=function(o,e){if(e.styleSheet)e.styleSheet.cssText=o;else{for(;e.firstChild;)e.removeChild(e.firstChild);e.appendChild(document.createTextNode(o))}}}}]);
