// The look of the report: system fonts, one column of sections, charts in a grid that follows the width.
#include "report/page.h"

namespace hone {

const std::string_view kPageStyle = R"css(
:root {
  --page: #f7f7f5; --card: #fff; --line: #e6e5e1; --grid: #eeede9; --ink: #1b1c1e; --soft: #5d6066; --faint: #8b8e94;
  --good: #0b7a53; --good-wash: #e2f4ec; --bad: #b3261e; --bad-wash: #fbe9e7; --wash: #f1f0ec; --accent: #2f5fd0; --accent-wash: #e9eefb;
  --c1: #2f5fd0; --c2: #0f9488; --c3: #d07a12; --c4: #8250c8; --c5: #cf3f6e; --c6: #6b7280;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1114; --card: #16191d; --line: #272b31; --grid: #22262b; --ink: #e8e9eb; --soft: #a5a9b0; --faint: #7a7f87;
    --good: #5ccfa0; --good-wash: #13302a; --bad: #f28b82; --bad-wash: #3a1d1c; --wash: #1d2126; --accent: #82a6f7; --accent-wash: #1b2742;
    --c1: #82a6f7; --c2: #4cc7b8; --c3: #eda94e; --c4: #b795f0; --c5: #f08bab; --c6: #9aa1ac;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink); -webkit-text-size-adjust: 100%;
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Inter, Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 1240px; margin: 0 auto; padding: 56px 28px 40px; }
h1 { font-size: 40px; line-height: 1.1; letter-spacing: -.025em; font-weight: 650; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 21px; letter-spacing: -.012em; font-weight: 620; margin: 0 0 16px; overflow-wrap: anywhere; }
h2 small { font-size: 14px; font-weight: 400; letter-spacing: 0; color: var(--faint); margin-left: 6px; }
h3 { font-size: 14px; font-weight: 600; margin: 0; }
small { font-weight: 400; color: var(--faint); font-size: .86em; }
section { margin-top: 52px; }
.eyebrow { margin: 0 0 6px; color: var(--faint); font-size: 14px; overflow-wrap: anywhere; }
.lede { font-size: 19px; line-height: 1.45; color: var(--soft); margin: 12px 0 0; max-width: 46em; }
.lede strong { color: var(--ink); font-weight: 620; }
.sub { margin: -8px 0 16px; color: var(--soft); max-width: 56em; }
.warn { color: var(--bad); font-size: 13px; margin: 8px 0 0; }
.facts { display: flex; flex-wrap: wrap; gap: 14px 40px; margin: 28px 0 0; padding: 18px 0 0; border-top: 1px solid var(--line); }
.facts dt { font-size: 12.5px; color: var(--faint); }
.facts dd { margin: 0; font-weight: 560; overflow-wrap: anywhere; }

.card, figure { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.metrics { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 270px), 1fr)); gap: 14px; }
.metric { padding: 16px 18px 18px; }
.metric h3 { display: flex; justify-content: space-between; align-items: baseline; gap: 12px; }
.delta { font-size: 13px; font-weight: 600; white-space: nowrap; }
.delta.up { color: var(--good); } .delta.down { color: var(--bad); } .delta.same { color: var(--faint); }
.metric ol { list-style: none; margin: 12px 0 0; padding: 0; display: grid; gap: 10px; }
.metric li { display: grid; grid-template-columns: 1fr auto; gap: 3px 12px; font-size: 13.5px; color: var(--soft); }
.metric .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.metric .value { color: var(--ink); }
.metric .final .name, .metric .final .value { color: var(--ink); font-weight: 600; }
.track { grid-column: 1 / -1; position: relative; height: 8px; border-radius: 4px; background: var(--wash); }
.track b { position: absolute; inset: 0 auto 0 0; border-radius: 4px; background: var(--c1); opacity: .38; min-width: 2px; }
.final .track b { opacity: 1; }
.track i { position: absolute; top: 50%; height: 0; border-top: 1.5px solid var(--ink); opacity: .75; }
.track i::before, .track i::after { content: ""; position: absolute; top: -4.75px; height: 8px; border-left: 1.5px solid var(--ink); }
.track i::before { left: 0; } .track i::after { right: 0; }
.scroll { overflow-x: auto; margin-top: 14px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: right; padding: 8px 14px; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { color: var(--faint); font-weight: 500; font-size: 12.5px; }
tbody th { font-weight: 560; }
th:first-child { text-align: left; padding-left: 2px; }

.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr)); gap: 14px; }
figure { margin: 0; padding: 14px 18px 12px; min-width: 0; }
figcaption { display: grid; grid-template-columns: 1fr auto; align-items: baseline; gap: 0 12px; margin-bottom: 14px; }
.title { font-weight: 600; font-size: 14px; overflow-wrap: anywhere; }
.last { font-weight: 600; font-size: 14px; }
.unit { grid-column: 1 / -1; color: var(--faint); font-size: 12.5px; min-height: 1.5em; }
.badge, .chip { font-size: 12px; font-weight: 600; border-radius: 5px; padding: 1px 7px; white-space: nowrap; }
.badge.good, .chip.right { color: var(--good); background: var(--good-wash); }
.badge.bad, .chip.wrong { color: var(--bad); background: var(--bad-wash); }
.plot { position: relative; height: 168px; margin-left: var(--gutter); font-size: 11.5px; touch-action: pan-y; }
.plot svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
.plot i { position: absolute; font-style: normal; color: var(--faint); line-height: 1; white-space: nowrap; }
.plot i.y { right: calc(100% + 8px); transform: translateY(-50%); }
.plot i.x { top: calc(100% + 8px); transform: translateX(-50%); }
.xlabel { margin: 22px 0 0 var(--gutter); font-size: 11.5px; line-height: 1.3; color: var(--faint); text-align: center; }
.empty { color: var(--faint); height: 168px; display: grid; place-items: center; margin: 0; font-size: 13px; }
.plot path { fill: none; vector-effect: non-scaling-stroke; stroke-linecap: round; stroke-linejoin: round; }
.c1 { --c: var(--c1); } .c2 { --c: var(--c2); } .c3 { --c: var(--c3); } .c4 { --c: var(--c4); } .c5 { --c: var(--c5); } .c6 { --c: var(--c6); }
.plot .grid { stroke: var(--grid); stroke-width: 1; stroke-linecap: butt; }
.plot .line { stroke: var(--c); stroke-width: 1.8; }
.plot .raw { stroke: var(--c); stroke-width: 1; opacity: .4; }
.plot .dots { stroke: var(--c); stroke-width: 6; }
.plot .whisker { stroke: var(--c); stroke-width: 1.3; opacity: .6; stroke-linecap: butt; }
.plot .band { fill: var(--c); opacity: .1; }
.plot .bar { fill: var(--c); opacity: .85; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 10px 0 0; padding: 0; font-size: 12.5px; color: var(--soft); }
.legend li { overflow-wrap: anywhere; }
.legend li::before, .readout [class^=c]::before { content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 2px; background: var(--c); margin-right: 6px; }
.legend b { font-weight: 600; color: var(--ink); }
.cursor, .readout { display: none; position: absolute; pointer-events: none; }
.hovered .cursor, .hovered .readout { display: block; }
.cursor { top: 0; bottom: 0; border-left: 1px solid var(--faint); }
.readout { top: 0; z-index: 1; background: var(--card); border: 1px solid var(--line); border-radius: 7px; padding: 5px 9px; font-size: 12px; line-height: 1.5; white-space: nowrap; box-shadow: 0 4px 14px #0002; }
.readout .step { color: var(--faint); }

pre { margin: 0; font: 13px/1.55 ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Noto Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; overflow: hidden; }
.item { overflow: hidden; margin-bottom: 14px; }
.item > div { padding: 14px 18px; min-width: 0; }
.prompt { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 28px; background: var(--wash); border-bottom: 1px solid var(--line); }
.prompt pre { flex: 1 1 20em; min-width: 0; color: var(--soft); }
.answerkey { margin: 0; font-size: 13px; color: var(--faint); overflow-wrap: anywhere; min-width: 0; }
.answerkey b { color: var(--ink); font-weight: 600; }
.item > .columns { padding: 0; display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 270px), 1fr)); gap: 1px; background: var(--line); }
.columns > div { background: var(--card); padding: 14px 18px 16px; min-width: 0; }
.who { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 12px; margin: 0 0 8px; font-size: 12.5px; color: var(--faint); overflow-wrap: anywhere; }
.who b { color: var(--soft); font-weight: 600; }
.why { margin: 8px 0 0; font-size: 13px; color: var(--faint); overflow-wrap: anywhere; }
.item pre { max-height: 26em; overflow: auto; }
.tag { color: var(--faint); }
.think { color: var(--soft); }
.answer { color: var(--accent); background: var(--accent-wash); border-radius: 3px; font-weight: 600; }
.cut { color: var(--faint); font-style: italic; }
details { border-top: 1px solid var(--line); }
section > details:last-of-type { border-bottom: 1px solid var(--line); }
.charts + details { margin-top: 18px; }
details > .item:last-child { margin-bottom: 18px; }
summary { cursor: pointer; padding: 12px 2px; font-weight: 560; color: var(--soft); }
summary:hover { color: var(--ink); }
details > .charts, .file { margin: 4px 0 18px; }
.file { max-height: 640px; overflow: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px; }
footer { margin-top: 56px; color: var(--faint); font-size: 13px; }
@media (max-width: 640px) {
  main { padding: 28px 16px 32px; } h1 { font-size: 30px; } .lede { font-size: 17px; } section { margin-top: 40px; } .facts { gap: 12px 28px; }
}
@media print { body { background: none; } figure, .card { break-inside: avoid; } }
)css";

}  // namespace hone
