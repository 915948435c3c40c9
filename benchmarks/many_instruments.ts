/** A bench file of code: an instrument with ten fields, read once a second, for each port that is given. */
const fields = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [
  `Field ${index}`,
  { unit: "V", read: `F${index}?` },
]));

export default {
  instruments: Deno.args.filter((arg) => /^\d+$/.test(arg)).map((port, index) => ({
    title: `Instrument ${index}`,
    port: `tcp://127.0.0.1:${port}`,
    fields,
  })),
};
