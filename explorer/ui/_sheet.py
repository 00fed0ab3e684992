"""The style sheet of a panel; colours are the page's own, so that a theme changes them at once."""

from explorer.ui._compare import COMPARE_STYLE
from explorer.ui._no_picture import NO_PICTURE_STYLE
from explorer.ui._stored import HIDDEN_WHILE_LIVE
from explorer.ui._tip import TIP_STYLE

# ipywidgets' own arrow is dark on dark
ARROW = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 18 18'%3E%3Cpath "
    "fill='%23eee' d='M5 6.5 9 10.5 13 6.5 14.2 7.7 9 12.9 3.8 7.7z'/%3E%3C/svg%3E"
)
DARK_ARROWS = (
    'body[data-jp-theme-light="false"] .explorer-panel select { '
    f'background-image: url("{ARROW}"); }}'
)
STYLE = (
    f"<style>{DARK_ARROWS}{HIDDEN_WHILE_LIVE}{TIP_STYLE}{COMPARE_STYLE}{NO_PICTURE_STYLE}"
    """
.explorer-error { color: var(--jp-error-color0, #b00020); font-size: 12px; line-height: 1.35;
  white-space: normal; }
.explorer-why, .explorer-status { color: var(--jp-ui-font-color2, #616161); font-size: 12px;
  line-height: 1.35; white-space: normal; }
.explorer-sentence { color: var(--jp-content-font-color1, #111); font-size: 14px; line-height: 1.45;
  white-space: normal; }
.explorer-table { font-family: var(--jp-code-font-family, monospace); font-size: 12px;
  white-space: pre; overflow-x: auto; line-height: 1.3; }
.explorer-failed { color: var(--jp-error-color0, #b00020); font-size: 14px; white-space: pre-wrap; }
.explorer-question { color: var(--jp-content-font-color1, #111); font-size: 14px;
  white-space: normal; }
.explorer-controls .widget-html-content, .explorer-controls .widget-htmlmath-content {
  font-size: 12px; line-height: 1.35; white-space: normal; }
body[data-jp-theme-light="false"] .explorer-error,
body[data-jp-theme-light="false"] .explorer-failed { color: var(--jp-error-color1, #f44336); }
.explorer-controls .widget-htmlmath-content { overflow: hidden; }
.explorer-panel, .explorer-panel > * { min-width: 0; max-width: 100%; }
.explorer-panel .jupyter-widgets-disconnected::before { content: none; }
.explorer-panel.jupyter-widgets-disconnected::before { display: block; padding: 4px 0 6px;
  white-space: normal; font: 600 14px/1.4 var(--jp-ui-font-family, sans-serif);
  color: var(--jp-error-color0, #b00020);
  content: "The kernel behind this panel is gone: run its cell again. What is seen was its last."; }
.explorer-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); }
.explorer-panel .noUi-handle:focus-visible { outline: 2px solid var(--jp-brand-color1, #1976d2);
  outline-offset: 2px; }
.explorer-tabs .widget-toggle-button { width: auto; padding: 0 10px; }
.explorer-run.mod-active { box-shadow: none; background-color: var(--jp-brand-color1, #1976d2); }
</style>"""
)
