/** A driver of a camera with a detector of its own: every pixel is 1000 and what the field of Lamp holds. */
export const ownCamera = `
export default ({ azcamExposure }, { title, imageFolders }) => {
  const format = { columns: 16, darkColumns: 0, underscanColumns: 0, overscanColumns: 4, rows: 12, darkRows: 0, underscanRows: 0, overscanRows: 0, frameTransferRows: 0 };
  const focalPlane = { detectorsX: 1, detectorsY: 1, amplifiersX: 1, amplifiersY: 1, configuration: "0" };
  let focus;
  const nothing = async () => {};
  return azcamExposure({ title, summary: "camera of one's own", imageFolders, detector: {
    title: "own CCD", format, focalPlane, gain: () => 2, readNoise: () => 5,
    flush: nothing, pause: nothing, resume: nothing, end: nothing, abort: nothing, setShutter: nothing, stop: nothing,
    begin: async (_light, surroundings) => { focus = surroundings.find("Lamp")?.allFields[0].value ?? 0; },
    readOut: async ({ readouts }, report) => readouts.map(({ columns, rows }) => { report(0); return new Uint16Array(columns * rows).fill(1000 + focus); }),
  } });
};`;
