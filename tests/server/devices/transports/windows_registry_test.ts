/** Adapters by their serial numbers, in the registry of a real Windows (or of Wine). */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { wideText } from "../../../../server/devices/transports/windows_library.ts";
import { loadSerialLibrary } from "../../../../server/devices/transports/serial.ts";
import { adapterNumbers } from "../../../../server/devices/transports/windows_registry.ts";

const windows = Deno.build.os === "windows";
const currentUser = 0xffff_ffff_8000_0001n;
const path = "Software\\heliograph test of the registry";

// The libraries stay open: the leak sanitizer must not see them being opened in the test.
if (windows) loadSerialLibrary();
const registry = windows
  ? Deno.dlopen("advapi32.dll", {
    RegCreateKeyW: { parameters: ["usize", "buffer", "buffer"], result: "i32" },
    RegSetValueExW: { parameters: ["usize", "buffer", "u32", "u32", "buffer", "u32"], result: "i32" },
    RegDeleteTreeW: { parameters: ["usize", "buffer"], result: "i32" },
    RegCloseKey: { parameters: ["usize"], result: "i32" },
  }).symbols
  : undefined;

function write(key: string, name: string, text: string): void {
  const made = new BigUint64Array(1);
  strictEqual(registry!.RegCreateKeyW(currentUser, wideText(`${path}\\${key}`), made), 0);
  const value = wideText(text);
  strictEqual(registry!.RegSetValueExW(made[0]!, wideText(name), 0, 1, value, value.byteLength), 0);
  registry!.RegCloseKey(made[0]!);
}

Deno.test({
  name: "Windows: the serial numbers of adapters by their ports, of composite devices and FTDI's driver too",
  ignore: !windows,
  fn() {
    try {
      const port = (device: string, name: string) => write(`${device}\\Device Parameters`, "PortName", name);
      port("USB\\VID_2341&PID_0043\\75834353", "COM3");
      // Windows' own name for one that has none.
      port("USB\\VID_1A86&PID_7523\\5&2c3d&0&1", "COM4");
      port("FTDIBUS\\VID_0403+PID_6001+A50285BIA\\0000", "COM5");
      write("USB\\VID_0483&PID_374B\\0669FF", "ParentIdPrefix", "7&1a2b&0");
      port("USB\\VID_0483&PID_374B&MI_02\\7&1a2b&0&0002", "COM12");
      // A port that was given to another one: it is not known which is there.
      port("USB\\VID_10C4&PID_EA60\\0001", "COM7");
      port("USB\\VID_10C4&PID_EA60\\0002", "COM7");
      write("USB\\VID_046D&PID_C31C\\KEYS", "DeviceDesc", "a keyboard");
      const found = [...adapterNumbers(currentUser, path)].sort();
      deepStrictEqual(found, [["COM12", "0669FF"], ["COM3", "75834353"], ["COM5", "A50285BI"]]);
      deepStrictEqual([...adapterNumbers(currentUser, `${path}\\nowhere`)], []);
    } finally {
      registry!.RegDeleteTreeW(currentUser, wideText(path));
    }
  },
});
