/**
 * The overview drawing of the demo bench: the reactor with its gas lines. It is SVG as a lab would put it beside its bench
 * file, and stands here so that the executable has it.
 *
 * @module
 */

/** One gas: cylinder, line, flow controller, and the line to the manifold. */
function gas(y: number, name: string, instrument: string, label: string): string {
  const flowing = `data-state="${instrument}.Actual Flow" data-colours="> 0.5: #2f7fd6; otherwise: #8a94a3"`;
  return `
  <g transform="translate(0 ${y})">
    <path class="pipe" ${flowing} d="M118 0H232"/>
    <path class="pipe" ${flowing} d="M388 0H473.5"/>
    <path class="vessel" d="M48 -44q0 -18 24 -22v-10h22v10q24 4 24 22v82q0 8 -8 8h-54q-8 0 -8 -8z"/>
    <text class="gas" x="83" y="6">${name}</text>
    <g data-open="${instrument}">
      <rect class="box" x="232" y="-46" width="156" height="92" rx="8"/>
      <text class="title" x="310" y="-24">${label}</text>
      <text class="value" x="310" y="10" data-field="${instrument}.Actual Flow">–</text>
      <text class="small" x="310" y="34"><tspan>set </tspan><tspan data-field="${instrument}.Device Setpoint">–</tspan></text>
    </g>
  </g>`;
}

/** The drawing. */
export const demoOverview =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="20 0 1260 580" font-family="system-ui, sans-serif">
  <title>Photochemical reactor</title>
  <style>
    text { fill: currentColor; text-anchor: middle; font-size: 15px }
    .title { font-size: 16px; font-weight: 600 }
    .value { font-size: 26px; font-weight: 600; font-variant-numeric: tabular-nums }
    .small { font-size: 15px; opacity: .75; font-variant-numeric: tabular-nums }
    .gas { font-size: 22px; font-weight: 600 }
    .pipe { fill: none; stroke: #8a94a3; stroke-width: 7; stroke-linejoin: round }
    .vessel, .box { fill: #8a94a3; fill-opacity: .1; stroke: currentColor; stroke-opacity: .55; stroke-width: 2 }
    .glass { fill: #2f7fd6; fill-opacity: .07; stroke: currentColor; stroke-opacity: .7; stroke-width: 3 }
    .probe { stroke: currentColor; stroke-width: 4; stroke-linecap: round; fill: none }
    .rays { stroke-width: 4; stroke-linecap: round; fill: none }
  </style>
  ${gas(110, "Ar", "argon_mfc", "Argon MFC")}
  ${gas(300, "CH₄", "methane_mfc", "Methane MFC")}
  ${gas(490, "O₂", "oxygen_mfc", "Oxygen MFC")}
  <path class="pipe" d="M470 110V490M470 300H580"/>
  <g data-open="uv_light">
    <rect class="box" x="610" y="24" width="180" height="66" rx="8"/>
    <text class="title" x="700" y="50">UV light</text>
    <text class="small" x="700" y="74" data-field="uv_light.Actual Status">–</text>
  </g>
  <g data-state="uv_light.Actual Status" data-colours="On: #f5c400; Off: #8a94a3">
    <circle cx="700" cy="112" r="17" fill="currentColor"/>
    <path class="rays" stroke="currentColor" d="M660 140l-16 22M680 146l-8 24M700 148v26M720 146l8 24M740 140l16 22"/>
  </g>
  <path class="glass" d="M600 190H800Q820 190 820 212V420Q820 460 780 460H620Q580 460 580 420V212Q580 190 600 190Z"/>
  <text class="title" x="700" y="442">Reactor</text>
  <g data-open="reactor_tc">
    <rect x="590" y="230" width="220" height="170" fill="#8a94a3" fill-opacity="0"/>
    <path class="probe" d="M628 250V352"/>
    <circle cx="628" cy="360" r="9" fill="#d6482f"/>
    <text x="720" y="280">Temperature</text>
    <text class="value" x="720" y="316" style="font-size:34px" data-field="reactor_tc.Temperature">–</text>
  </g>
  <path class="pipe" d="M820 300H900V170H960M900 300V440H960"/>
  <g data-open="picarro">
    <rect class="box" x="960" y="70" width="290" height="200" rx="8"/>
    <text class="title" x="1105" y="98">Picarro</text>
    <g style="text-anchor:start">
      <text x="985" y="140" style="text-anchor:start">CH₄</text>
      <text x="985" y="186" style="text-anchor:start">CO₂</text>
      <text x="985" y="232" style="text-anchor:start">H₂O</text>
    </g>
    <text class="value" x="1230" y="142" style="text-anchor:end;font-size:22px" data-field="picarro.CH4 (ppm)">–</text>
    <text class="value" x="1230" y="188" style="text-anchor:end;font-size:22px" data-field="picarro.CO2 (ppm)">–</text>
    <text class="value" x="1230" y="234" style="text-anchor:end;font-size:22px" data-field="picarro.H2O (vol %)">–</text>
  </g>
  <g data-open="gc_fid">
    <rect class="box" x="960" y="350" width="290" height="180" rx="8"/>
    <text class="title" x="1105" y="380">Gas chromatograph</text>
    <text x="985" y="428" style="text-anchor:start">CH₄</text>
    <text x="985" y="476" style="text-anchor:start">CO₂</text>
    <text class="value" x="1230" y="430" style="text-anchor:end;font-size:22px" data-field="gc_fid.CH4 (ppm)">–</text>
    <text class="value" x="1230" y="478" style="text-anchor:end;font-size:22px" data-field="gc_fid.CO2 (ppm)">–</text>
  </g>
</svg>
`;
