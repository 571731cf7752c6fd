import type { InitOf } from "../../../../prot/json-codec.ts";
import type { registryValue } from "../../../options/registry-values.ts";
import type { WcowOptions } from "../../../options/wcow.ts";

type ValueInit = InitOf<typeof registryValue>;

/** What is set in the registry of a WCOW VM before it boots; the annotations' own values come last. */
export function registryValues(options: WcowOptions): readonly ValueInit[] {
  const dword = (hive: string, key: string, name: string, dwordValue: number): ValueInit => ({
    ...{ key: { hive, name: key }, name, type: "DWord", dwordValue },
  });
  return [
    ...(options.processDumpLocation === ""
      ? []
      : [
          // Error reporting runs from the start, or the first dump is lost, but does not upload what it finds.
          dword("System", "ControlSet001\\Services\\WerSvc", "Start", 2),
          dword("Software", "Microsoft\\Windows\\Windows Error Reporting", "Disabled", 1),
        ]),
    ...(options.compartmentNamespace
      ? [dword("System", "CurrentControlSet\\Services\\gns", "EnableCompartmentNamespace", 1)]
      : []),
    ...options.registryValues,
  ];
}
