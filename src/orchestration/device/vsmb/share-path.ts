/** Where a Windows guest has the shares of its host. */
export const VSMB_SHARES = "\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\";
