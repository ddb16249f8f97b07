package mail

import "strings"

// Mail readers drop style sheets, so every element carries its own style. The
// templates stay readable all the same: they use plain tags, and styled puts
// the style in when the templates are parsed. Data comes in later and is
// escaped, so it is never touched by this.
const font = `-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif`

var inlineStyles = strings.NewReplacer(
	`<h1>`,
	`<h1 class="title" style="margin:0 0 16px 0;font:bold 24px/1.3 `+font+`;color:#16202a;">`,
	`<p>`, `<p class="text" style="margin:0 0 18px 0;font:16px/1.6 `+font+`;color:#2c3640;">`,
	`<p class="small">`, `<p class="muted" style="margin:0 0 14px 0;font:13px/1.55 `+font+
		`;color:#56616c;word-break:break-word;overflow-wrap:anywhere;">`,
	`<p class="box">`,
	`<p class="box" style="margin:0 0 18px 0;padding:14px 16px;border-left:4px solid #0f6a70;background:#eef4f5;font:15px/1.55 `+
		font+`;color:#2c3640;">`,
	`<p class="code">`,
	`<p class="box" style="margin:0 0 20px 0;padding:18px 16px;border-radius:6px;background:#eef4f5;text-align:center;font:bold 32px/1.2 Consolas,Menlo,monospace;letter-spacing:6px;text-indent:6px;color:#16202a;">`,
	`<ul>`, `<ul class="text" style="margin:0 0 18px 0;padding:0 0 0 22px;font:16px/1.6 `+font+
		`;color:#2c3640;">`,
	`<a href=`,
	`<a class="link" style="color:#0f6a70;text-decoration:underline;word-break:break-word;overflow-wrap:anywhere;" href=`,
	`<table class="facts">`,
	`<table class="facts" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 22px 0;border-collapse:collapse;">`,
	`<th scope="row">`,
	`<th scope="row" align="left" valign="top" width="42%" style="padding:11px 12px 11px 0;border-bottom:1px solid #dde2e7;font:normal 14px/1.5 `+
		font+`;color:#56616c;text-align:left;">`,
	`<td>`, `<td valign="top" style="padding:11px 0;border-bottom:1px solid #dde2e7;font:15px/1.5 `+
		font+`;color:#16202a;word-break:break-word;overflow-wrap:anywhere;">`,
)

// styled puts the inline styles into a template's source. The button keeps
// the style it has.
func styled(source string) string {
	return strings.ReplaceAll(inlineStyles.Replace(source),
		`<a class="link" style="color:#0f6a70;text-decoration:underline;word-break:break-word;overflow-wrap:anywhere;" href="{{.url}}" style=`,
		`<a href="{{.url}}" style=`)
}
