// The pointer's read-out on charts. The page says everything without it.
#include "report/page.h"

namespace hone {

const std::string_view kPageScript = R"js(
'use strict';
const format = (v, kind) => v === null ? 'n/a' : kind === 1 ? (100 * v).toFixed(1) + ' %'
  : v !== 0 && (Math.abs(v) < 1e-3 || Math.abs(v) >= 1e6) ? v.toExponential(2)
  : String(+v.toPrecision(4)) + (kind === 2 ? ' s' : '');
const make = (tag, name, parent) => {
  const e = document.createElement(tag);
  e.className = name;
  return parent.appendChild(e);
};
for (const plot of document.querySelectorAll('.plot[data-hover]')) {
  let data, line, box;
  plot.addEventListener('pointermove', event => {
    if (!data) {
      data = JSON.parse(plot.dataset.hover);
      line = make('div', 'cursor', plot);
      box = make('div', 'readout', plot);
    }
    const area = plot.getBoundingClientRect(), [low, high] = data.r;
    const at = low + (event.clientX - area.left) / area.width * (high - low);
    let best = 0;
    data.x.forEach((x, i) => { if (Math.abs(x - at) < Math.abs(data.x[best] - at)) best = i; });
    const share = high > low ? (data.x[best] - low) / (high - low) : 0.5;
    line.style.left = 100 * share + '%';
    box.textContent = '';
    make('div', 'step', box).textContent = 'step ' + data.x[best];
    for (const [label, color, values] of data.s) {
      if (values[best] === null && data.s.length > 1) continue;
      const row = make('div', 'c' + color, box);
      row.textContent = (data.s.length > 1 ? label + ' ' : '') + format(values[best], data.f);
    }
    box.style.left = share < 0.5 ? 'calc(' + 100 * share + '% + 10px)' : '';
    box.style.right = share < 0.5 ? '' : 'calc(' + 100 * (1 - share) + '% + 10px)';
    plot.classList.add('hovered');
  });
  plot.addEventListener('pointerleave', () => plot.classList.remove('hovered'));
}
)js";

}  // namespace hone
