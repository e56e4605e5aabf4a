export type { AciOptions, AciState } from './aci.ts'
export type { AgAciOptions, AgAciState } from './agaci.ts'
export {
  type BlockBootstrapOptions,
  blockBootstrap,
  inBagOf,
  leaveOutAnswers,
  type Resample,
} from './blockBootstrap.ts'
export type { DtAciOptions, DtAciState } from './dtaci.ts'
export type { OnlineMethod, OnlineRow, OnlineSetting, Sides, TrackedSides } from './method.ts'
export {
  type OnlineCommon,
  type OnlineInterval,
  type OnlineOptions,
  type OnlineParts,
  type OnlineState,
  observeOnline,
  onlineInterval,
  onlineMethods,
  onlineThresholds,
  startOnline,
} from './online.ts'
export type { WindowOption } from './options.ts'
export { type OnlineColumns, type OnlineRun, runOnline } from './runOnline.ts'
export type { SaocpOptions, SaocpState } from './saocp.ts'
export type { ScoreWindow, WindowQuantile } from './scoreWindow.ts'
export type { SpciOptions, SpciState } from './spci.ts'
export type {
  DecayingOptions,
  DecayingState,
  MultigroupOptions,
  MultigroupState,
  PidOptions,
  PidState,
} from './trackers.ts'
export type { EnbpiOptions, EnbpiState, NexcpOptions, NexcpState } from './windows.ts'
