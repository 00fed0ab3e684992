"""The style sheet of a panel; colours are the page's own, so that a theme changes them at once."""

from explorer.ui._compare import COMPARE_STYLE
from explorer.ui._stored import HIDDEN_WHILE_LIVE
from explorer.ui._tip import TIP_STYLE

STYLE = (
    f"<style>{HIDDEN_WHILE_LIVE}{TIP_STYLE}{COMPARE_STYLE}"
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
.explorer-tabs .widget-toggle-button { width: auto; padding: 0 10px; }
.explorer-run.mod-active { box-shadow: none; background-color: var(--jp-brand-color1, #1976d2); }
</style>"""
)
