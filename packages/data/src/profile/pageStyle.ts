/** The look of a profile's page: that of the reports of models. */
export const pageStyle = `
:root{color-scheme:light dark;--page:light-dark(#fff,#0d1117);--panel:light-dark(#f6f8fa,#151b23);--ink:light-dark(#1f2328,#e6edf3);--faint:light-dark(#57606a,#9198a1);--line:light-dark(#d0d7de,#30363d);--warn:light-dark(#8a5a00,#d29922);--series-1:light-dark(#0072b2,#58a6ff);--series-2:light-dark(#d55e00,#ff9d5c);--soft:light-dark(#dbe9f4,#1b2b3f)}
*{box-sizing:border-box}
html{scroll-padding-top:60px}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1040px;margin:0 auto;padding:24px 20px 64px}
h1{font-size:30px;line-height:1.2;margin:4px 0 12px;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:20px;margin:44px 0 12px}
h3{font-size:16px;margin:0;overflow-wrap:anywhere}
h4{font-size:13px;font-weight:500;color:var(--faint);margin:0 0 4px}
.kicker{margin:0;color:var(--faint);font-size:13px;letter-spacing:.06em;text-transform:uppercase}
nav{position:sticky;top:0;z-index:2;background:var(--page);border-bottom:1px solid var(--line);display:flex;gap:4px 18px;padding:10px 20px;overflow-x:auto;white-space:nowrap;font-size:14px;justify-content:safe center}
nav a{color:var(--faint);text-decoration:none}nav a:hover,nav a:focus-visible{color:var(--ink);text-decoration:underline}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(132px,1fr));border:1px solid var(--line);border-radius:10px;overflow:hidden;margin:0}
.tiles div{padding:12px 16px;box-shadow:1px 1px var(--line)}.tiles dt{color:var(--faint);font-size:13px}.tiles dd{margin:0;font-size:22px;font-weight:600;line-height:1.3}
.tiles small{display:block;font-size:13px;font-weight:400;color:var(--faint)}
.alerts{list-style:none;margin:0;padding:0;border:1px solid var(--line);border-radius:10px;overflow:hidden}
.alerts li{display:grid;grid-template-columns:170px 1fr;gap:2px 16px;padding:7px 16px;margin:0}.alerts li+li{border-top:1px solid var(--line)}
.alerts b{color:var(--warn);font-weight:600}.alerts a{color:inherit}
.alerts span{overflow-wrap:anywhere}
.card{border:1px solid var(--line);border-radius:10px;padding:16px 18px;margin:0 0 14px;min-height:130px;content-visibility:auto;contain-intrinsic-size:auto 230px}
.card header{display:flex;flex-wrap:wrap;gap:4px 10px;align-items:baseline;margin:0 0 10px}
.tag{font-size:12px;color:var(--faint);border:1px solid var(--line);border-radius:999px;padding:0 9px;line-height:20px}
.tag.warn{color:var(--warn);border-color:currentColor}
.body{display:grid;grid-template-columns:minmax(0,5fr) minmax(0,6fr);gap:12px 32px;align-items:start}
dl.facts{display:grid;grid-template-columns:repeat(2,minmax(0,auto) minmax(0,1fr));gap:2px 14px;margin:0;font-size:14px}
dl.facts dt{color:var(--faint)}dl.facts dd{margin:0;text-align:right;overflow-wrap:anywhere}
section>dl.facts{max-width:420px}
dl.facts.one{grid-template-columns:minmax(0,auto) minmax(0,1fr)}
.histogram svg{display:block;width:100%;height:96px}.histogram rect{fill:var(--series-1)}.histogram rect:hover{fill:var(--series-2)}
.axis{display:flex;justify-content:space-between;font-size:12px;color:var(--faint);border-top:1px solid var(--line);padding-top:2px}
.bars{display:grid;grid-template-columns:minmax(60px,2fr) 3fr auto;gap:3px 10px;align-items:center;font-size:13px;margin:0}
.bars .label{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.bars .count{text-align:right;color:var(--faint);white-space:nowrap}
.bars i{display:block;height:12px;border-radius:2px;background:var(--series-1);min-width:1px}.bars .rest{color:var(--faint);font-style:italic}.bars .rest+i{background:var(--line)}
details.more{margin-top:10px;font-size:14px}details.more>summary{cursor:pointer;color:var(--faint);width:max-content}
details.more[open]>summary{margin-bottom:8px}
.columns{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:16px 28px}
.tools{display:flex;gap:8px;flex-wrap:wrap;margin:0 0 12px}
input[type=search]{font:inherit;color:inherit;background:var(--page);border:1px solid var(--line);border-radius:8px;padding:6px 12px;width:min(320px,100%)}
button{font:inherit;font-size:14px;color:var(--faint);background:none;border:1px solid var(--line);border-radius:8px;padding:4px 12px;cursor:pointer}
button[aria-pressed=true]{color:var(--ink);border-color:var(--ink)}
:focus-visible{outline:2px solid var(--series-1);outline-offset:1px}
.scroll{overflow-x:auto}
.heat{border-collapse:separate;border-spacing:1px;font-size:12px}
.heat td{width:44px;min-width:30px;height:30px;text-align:center;padding:0;border-radius:2px}
.heat th{font-weight:400;color:var(--faint);text-align:right;padding:0 8px;white-space:nowrap;max-width:170px;overflow:hidden;text-overflow:ellipsis}
.heat thead th{vertical-align:bottom;padding:0 0 4px}.heat thead th span{writing-mode:vertical-rl;transform:rotate(180deg);max-height:150px;overflow:hidden;text-overflow:ellipsis;text-align:left}
.dense td{width:14px;min-width:10px;height:14px;font-size:0}
.matrix{display:block;width:100%;height:220px;border:1px solid var(--line);border-radius:6px;background:var(--soft)}
.grids{display:grid;grid-template-columns:repeat(auto-fill,minmax(220px,1fr));gap:20px}
.grids figure{margin:0}.grids svg{display:block;width:100%;aspect-ratio:1;border:1px solid var(--line)}
.grids figcaption{font-size:13px;color:var(--faint);margin-top:4px;overflow-wrap:anywhere}
table.plain{border-collapse:collapse;font-size:13px}table.plain th,table.plain td{padding:4px 16px 4px 0;text-align:left;white-space:nowrap;max-width:260px;overflow:hidden;text-overflow:ellipsis}
table.plain th{color:var(--faint);font-weight:500;border-bottom:1px solid var(--line)}
.note{color:var(--faint);font-size:14px;max-width:76ch;margin:8px 0}
.null{color:var(--faint)}
@media (max-width:680px){main{padding:16px 14px 48px}h1{font-size:25px}.body{grid-template-columns:minmax(0,1fr)}.alerts li{grid-template-columns:1fr}nav{justify-content:start;padding:10px 14px}.tiles dd{font-size:19px}.card{padding:14px}}
@media print{nav,.tools{display:none}.card{break-inside:avoid;content-visibility:visible}}
`
