/** A hand mirror. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path d="M16 19v10" stroke="#5b6b7f" stroke-width="5" stroke-linecap="round"/><circle cx="16" cy="12" r="9" fill="#bfe3ff" stroke="#1f6feb" stroke-width="3"/></svg>
`;

/** The page's style: light and dark, 375 px to 4k; colours meet WCAG AA on their grounds. */
export const style = `:root{color-scheme:light dark;--ground:#f4f6f8;--card:#fff;--ink:#17202b;--dim:#55616f;--line:#d9dfe6;--link:#0b57c4;
--good:#12693a;--good-bg:#e2f4e8;--soft:#7a4b00;--soft-bg:#fdf0d5;--bad:#ab1620;--bad-bg:#fde6e6;--calm:#44515f;--calm-bg:#e9edf1;--trace:#2f7de1}
@media (prefers-color-scheme:dark){:root{--ground:#0e1318;--card:#171e26;--ink:#e7edf3;--dim:#9fadbc;--line:#2c3743;--link:#82b6ff;
--good:#6fdc9b;--good-bg:#12301f;--soft:#f5c062;--soft-bg:#382a0d;--bad:#ff9c9c;--bad-bg:#42181b;--calm:#b8c4d0;--calm-bg:#26303a;--trace:#62a8ff}}
*{box-sizing:border-box}
html{font:clamp(15px,calc(10.5px + .34vw),22px)/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);overflow-wrap:anywhere}
code{font:.92em ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
a{color:var(--link)}
h1,h2,h3,h4,p,ol,ul,dl,dd{margin:0}
h2{font-size:1.1rem;margin-bottom:.5rem}
h3{font-size:1rem;margin:.9rem 0 .6rem}
h4{font-size:.78rem;color:var(--dim);font-weight:600;margin-bottom:.3rem}
ol,ul{padding:0;list-style:none}
small{display:block;font-size:.82rem;color:var(--dim)}
.dim{color:var(--dim)}
.bad{color:var(--bad);font-weight:600}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:4px}
main:focus,h3:focus{outline:none}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.5rem 1rem;z-index:1}
.unseen{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
header,main,footer{max-width:150rem;margin:0 auto;padding:0 clamp(.75rem,2vw,2.5rem)}
header{display:flex;flex-wrap:wrap;gap:.1rem 1rem;align-items:baseline;padding-top:.8rem;padding-bottom:.6rem}
.brand{font-weight:700;letter-spacing:.01em}
.name{color:var(--dim)}
.clock{margin-left:auto;color:var(--dim);font-variant-numeric:tabular-nums}
#live[data-state=live]::before{content:"";display:inline-block;width:.55rem;height:.55rem;border-radius:50%;background:var(--good);margin-right:.4rem}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.9rem 1.1rem;margin-bottom:1rem}
.hero{display:flex;gap:1.1rem;align-items:center;padding:1.1rem 1.3rem;border-width:2px}
.sign{flex:none;width:3.4rem;height:3.4rem;border-radius:50%;display:grid;place-items:center;font-size:2rem;font-weight:700;color:var(--card);background:var(--tone)}
.hero{--tone:var(--calm);border-color:var(--tone)}
.hero.well{--tone:var(--good)}.hero.watch{--tone:var(--soft)}.hero.act{--tone:var(--bad)}
.hero.act{background:var(--bad-bg)}.hero.watch{background:var(--soft-bg)}.hero.well{background:var(--good-bg)}
.level{font-weight:700;color:var(--tone);font-size:.95rem}
h1{font-size:clamp(1.2rem,1rem + 1vw,1.75rem);line-height:1.25;text-wrap:balance}
.phase,.remedy{margin-top:.4rem}
.waiting{margin-top:.2rem;font-weight:600}
.lost{background:var(--bad-bg);color:var(--bad);border:2px solid var(--bad);border-radius:10px;padding:.6rem 1.1rem;margin-bottom:1rem;font-weight:600}
.grid{display:grid;gap:0 1rem;grid-template-columns:minmax(0,1fr);align-items:start}
@media (max-width:63.99rem){.column{display:contents}.node{order:1}}
@media (min-width:64rem){.grid{grid-template-columns:minmax(0,1.9fr) minmax(0,1fr)}}
@media (min-width:120rem){.grid{grid-template-columns:minmax(0,1.05fr) minmax(0,1fr)}#side{columns:2;column-gap:1rem}#side>section{break-inside:avoid}}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
caption{text-align:left;color:var(--dim);font-size:.82rem;padding-bottom:.5rem}
th,td{text-align:left;vertical-align:top;padding:.5rem .8rem .5rem 0;border-top:1px solid var(--line);font-weight:400}
thead th{font-size:.78rem;color:var(--dim);font-weight:600;border-top:0;padding-top:0}
tr>:last-child{padding-right:0}
.num{font-variant-numeric:tabular-nums;white-space:nowrap}
.num small,.mirrors td:nth-child(3) small{white-space:nowrap}
.ago{color:var(--dim);font-size:.82rem;float:right}
tbody th code{font-weight:600}
.chip{display:inline-block;white-space:nowrap;border-radius:99px;padding:.05rem .6rem;font-size:.86rem;font-weight:600;border:1px solid currentColor;color:var(--calm);background:var(--calm-bg)}
.chip.good{color:var(--good);background:var(--good-bg)}.chip.harmless{color:var(--soft);background:var(--soft-bg)}.chip.costly{color:var(--bad);background:var(--bad-bg)}
.tag{display:inline-block;background:var(--calm-bg);color:var(--calm);border-radius:4px;padding:0 .4rem;font-size:.82rem}
.count{font-weight:400;color:var(--dim)}
.chart{display:block;width:100%;min-width:9rem;height:2.1rem}
.chart .base{stroke:var(--line);fill:none}
.chart .line{fill:none;stroke:var(--trace);stroke-width:2;stroke-linejoin:round;stroke-linecap:round;vector-effect:non-scaling-stroke}
.chart .costly{fill:var(--bad);opacity:.8}.chart .harmless{fill:var(--soft)}
.mirrors .wide{width:34%}
.problems ol>li+li{border-top:1px solid var(--line);margin-top:.7rem;padding-top:.7rem}
.do{margin:.2rem 0}
.events li{padding:.4rem 0;border-top:1px solid var(--line)}
.events li:first-child{border-top:0;padding-top:0}
.events time{font-variant-numeric:tabular-nums;font-weight:600}
.note{margin-bottom:.6rem;font-weight:600}
details{margin-top:.6rem}
summary{cursor:pointer;color:var(--link);padding:.25rem 0}
.many{columns:16rem;column-gap:1.5rem;font-size:.88rem;margin:.3rem 0 .6rem}
.ask{display:flex;gap:.5rem;margin:.25rem 0 .5rem}
label{font-weight:600}
input,button{font:inherit;padding:.45rem .7rem;border-radius:6px;border:1px solid var(--dim);background:var(--ground);color:inherit;min-height:2.6rem}
input{flex:1;min-width:0}
input[aria-invalid]{border:2px solid var(--bad)}
button{background:var(--link);border-color:var(--link);color:var(--card);font-weight:600;cursor:pointer}
.path>li{position:relative;border:1px solid var(--line);border-radius:8px;padding:.6rem .8rem;margin-bottom:1.6rem}
.path>li:last-child{margin-bottom:.6rem}
.path>li:not(:last-child)::after{content:"↓";position:absolute;left:1.1rem;bottom:-1.55rem;color:var(--dim);font-size:1.1rem}
.candidates{display:flex;flex-wrap:wrap;gap:.4rem}
.candidates li{border:1px dashed var(--line);border-radius:6px;padding:.15rem .6rem;color:var(--dim)}
.candidates .wins{border:2px solid var(--good);color:var(--good);background:var(--good-bg);font-weight:600}
.hosts>li{position:relative;padding:0 0 .9rem 2.4rem}
.hosts>li:last-child{padding-bottom:.2rem}
.hosts>li:not(:last-child)::before{content:"";position:absolute;left:.78rem;top:1.6rem;bottom:-.1rem;border-left:2px solid var(--line)}
.step{position:absolute;left:0;top:0;width:1.6rem;height:1.6rem;border-radius:50%;display:grid;place-items:center;font-size:.85rem;background:var(--link);color:var(--card)}
.upstream .step{background:var(--calm)}
dl>div{display:flex;gap:.8rem;padding:.25rem 0;border-top:1px solid var(--line)}
dl>div:first-child{border-top:0}
dt{flex:0 0 9.5rem;color:var(--dim)}
footer{padding-bottom:1.5rem;color:var(--dim);font-size:.88rem}
@media (max-width:47.99rem){
.hero{align-items:flex-start;gap:.8rem;padding:.9rem}.sign{width:2.4rem;height:2.4rem;font-size:1.4rem}
.clock{margin-left:0}
section{padding:.8rem}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table,tbody,caption{display:block}
tbody tr{display:grid;grid-template-columns:auto 1fr auto;gap:.35rem .7rem;padding:.7rem 0;border-top:1px solid var(--line)}
tbody th,tbody td{border:0;padding:0}
tbody th,.wide{grid-column:1/-1;width:auto!important}
.mirrors td:nth-child(2){display:none}
.mirrors td:nth-child(3){grid-column:1/3}
.mirrors td:nth-child(4){text-align:right}
dt{flex-basis:7rem}
}
@media (forced-colors:active){.sign,.step{border:2px solid}.chart .line{stroke:CanvasText}.chart .costly,.chart .harmless{fill:CanvasText}}
@media print{body{background:#fff}.explain form,.skip{display:none}}
`;
