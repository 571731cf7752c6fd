import { describe } from "node:test";
import { runConnectionCases, runLcowCases, runWcowCases } from "../../test/golden/guest/case.ts";
import { connections } from "../../test/golden/guest/connection.ts";
import { lcowDevices } from "../../test/golden/guest/lcow-devices.ts";
import { lcowGuest } from "../../test/golden/guest/lcow-guest.ts";
import { lcowContainers, lcowProcesses } from "../../test/golden/guest/lcow-processes.ts";
import { wcowContainers } from "../../test/golden/guest/wcow-containers.ts";
import { wcowDevices } from "../../test/golden/guest/wcow-devices.ts";
import { wcowNetwork } from "../../test/golden/guest/wcow-network.ts";

describe("golden guest requests: connection", () => runConnectionCases(connections));
describe("golden guest requests: LCOW devices", () => runLcowCases(lcowDevices));
describe("golden guest requests: LCOW guest", () => runLcowCases(lcowGuest));
describe("golden guest requests: LCOW processes", () => runLcowCases([...lcowProcesses, ...lcowContainers]));
describe("golden guest requests: WCOW devices", () => runWcowCases(wcowDevices));
describe("golden guest requests: WCOW network", () => runWcowCases(wcowNetwork));
describe("golden guest requests: WCOW containers", () => runWcowCases(wcowContainers));
