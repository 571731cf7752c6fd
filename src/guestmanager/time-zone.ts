import type { InitialGuestState } from "./guest.ts";

const NAME = "Coordinated Universal Time";

/** For a Windows guest that shall not follow its host's time zone. */
export const UTC_TIME_ZONE: NonNullable<InitialGuestState["timeZone"]> = {
  ...{ standardName: NAME, standardDate: {} },
  ...{ daylightName: NAME, daylightDate: {} },
};
