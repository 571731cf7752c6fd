import { UTC_TIME_ZONE } from "../../../src/guestmanager/time-zone.ts";
import { type ConnectionCase, TYPE, toGuest } from "./case.ts";

const asks = { SendHostCreateMessage: true, SendHostStartMessage: true };
const negotiated = (more = "") => toGuest(TYPE.negotiateProtocol, `,"MinimumVersion":4,"MaximumVersion":4${more}`);
const created = (config: string) => toGuest(TYPE.create, `,"ContainerConfig":"${config}"`);
const withoutZone = '{\\"SystemType\\":\\"Container\\",\\"TimeZoneInformation\\":null}';

export const connections: readonly ConnectionCase[] = [
  {
    shows: "a Linux guest is told what of ours its host takes, and asks for nothing",
    os: "linux",
    wire: [negotiated(',"MaximumReceiveSize":1048576,"OutOfMemoryNotifications":true')],
  },
  { shows: "a Windows guest is told nothing of ours", os: "windows", wire: [negotiated()] },
  {
    shows: "a Windows guest that asks for it is created, without a time zone, and started",
    ...{ os: "windows", says: asks },
    wire: [negotiated(), created(withoutZone), toGuest(TYPE.start)],
  },
  {
    shows: "one that does not ask for the start is only created",
    ...{ os: "windows", says: { SendHostCreateMessage: true } },
    wire: [negotiated(), created(withoutZone)],
  },
  {
    shows: "one that asks for the start alone gets none",
    ...{ os: "windows", says: { SendHostStartMessage: true } },
    wire: [negotiated()],
  },
  {
    shows: "one that runs already gets neither",
    ...{ os: "windows", says: asks, options: { coldStart: false } },
    wire: [negotiated()],
  },
  {
    shows: "UTC, as the state of a new guest: its dates stay, empty",
    ...{ os: "windows", says: asks, options: { initialState: { timeZone: UTC_TIME_ZONE } } },
    wire: [
      negotiated(),
      created(
        '{\\"SystemType\\":\\"Container\\",\\"TimeZoneInformation\\":{\\"StandardName\\":\\"Coordinated Universal Time\\",\\"StandardDate\\":{},\\"DaylightName\\":\\"Coordinated Universal Time\\",\\"DaylightDate\\":{}}}',
      ),
      toGuest(TYPE.start),
    ],
  },
  {
    shows: "a time zone with summer time",
    ...{ os: "windows", says: asks },
    options: {
      initialState: {
        timeZone: {
          ...{ bias: -60, standardName: "CET", standardBias: 0, daylightName: "CEST", daylightBias: -60 },
          standardDate: { month: 10, day: 5, hour: 3 },
          daylightDate: { month: 3, day: 5, hour: 2, dayOfWeek: 0 },
        },
      },
    },
    wire: [
      negotiated(),
      created(
        '{\\"SystemType\\":\\"Container\\",\\"TimeZoneInformation\\":{\\"Bias\\":-60,\\"StandardName\\":\\"CET\\",\\"StandardDate\\":{\\"Month\\":10,\\"Day\\":5,\\"Hour\\":3},\\"DaylightName\\":\\"CEST\\",\\"DaylightDate\\":{\\"Month\\":3,\\"Day\\":5,\\"Hour\\":2},\\"DaylightBias\\":-60}}',
      ),
      toGuest(TYPE.start),
    ],
  },
  {
    shows: "a Linux guest that asks for it is created, too",
    ...{ os: "linux", says: { SendHostCreateMessage: true } },
    wire: [negotiated(',"MaximumReceiveSize":1048576,"OutOfMemoryNotifications":true'), created(withoutZone)],
  },
];
