// Reads a LAS file with wellio and with las-js and prints what each of them saw, as JSON.
const { Las } = require("las-js");
const wellio = require("wellio");

async function byLasJs(path) {
  const las = new Las(path);
  return {
    version: await las.version(),
    wrap: await las.wrap(),
    header: await las.header(),
    data: await las.data(),
    stripped: (await las.dataStripped()).length,
    well: await las.wellParams(),
    curves: await las.curveParams(),
    parameters: await las.logParams(),
    other: await las.other(),
  };
}

function byWellio(path) {
  const json = wellio.las2json(wellio.loadLAS(path), false);
  const data = Object.entries(json["WELL INFORMATION BLOCK"]).map(([key, item]) => [key, item.DATA]);
  return { well: Object.fromEntries(data), curves: json.CURVES, about: json["CURVE INFORMATION BLOCK"] };
}

byLasJs(process.argv[2]).then((lasJs) =>
  console.log(JSON.stringify({ lasJs, wellio: byWellio(process.argv[2]) }))
);
