import { rows } from "./annotation.ts";

const vm = rows("vm", "io.microsoft.virtualmachine.");
const wcow = rows("vm", "io.microsoft.virtualmachine.wcow.");

/** Of WCOW VMs alone. */
export const windowsVm = {
  noCompartments: vm("disablecompartmentnamespace", "bool", "WCOW", "false", "No network compartment of its own."),
  noInheritTimezone: wcow("timezone.noinherit", "bool", "WCOW", "false", "The guest's time zone is UTC."),
  noDirectMap: wcow(
    "virtualSMB.nodirectmap",
    "bool",
    "WCOW",
    "false",
    "Shares are not mapped into the guest's memory.",
  ),
  registryValues: wcow("additional-reg-keys", "json", "WCOW", "none", "RegistryValue[] to set in the guest."),
  logSources: vm(
    "forwardlogs.sources",
    "base64",
    "WCOW",
    "none",
    "JSON of the ETW providers whose logs are forwarded.",
  ),
  logForwarding: vm("forwardlogs.enable", "bool", "WCOW", "true; confidential: false", "The guest's logs come here."),
  defaultLogSources: vm(
    "forwardlogs.defaultsources.enable",
    "bool",
    "WCOW",
    "true",
    "Forward the usual providers too.",
  ),
};
