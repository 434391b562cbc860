/** The version of Slipway that this is, as package.json has it. */
export const SLIPWAY_VERSION = '0.1.0'
