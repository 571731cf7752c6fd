import { stateTableSuite } from "../../test/compliance/state-suite.ts";
import { instanceStates } from "./state.ts";

stateTableSuite(instanceStates);
