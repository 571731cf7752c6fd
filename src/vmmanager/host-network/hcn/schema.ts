import { u16 } from "../../../prot/json-codec.ts";
import { field, record } from "../../../prot/json-record.ts";

/** Settings of an endpoint's policy "EncapOverhead": bytes that the network's encapsulation takes off the MTU. */
export const encapOverhead = record({ overhead: field("Overhead", u16, "omitempty") });
