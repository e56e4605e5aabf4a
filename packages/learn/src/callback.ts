import type { Json, Tensor } from '@mlpod/contract'

/** The norms of one step, over all trained parameters together. */
export interface Norms {
  readonly gradientNorm: number
  readonly updateNorm: number
  readonly weightNorm: number
}

/** What is told after each step. */
export interface StepRecord {
  /** From 1. */
  readonly step: number
  readonly epoch: number
  /** The loss before the step. */
  readonly loss: number
  readonly learningRate: number
  /** Rows of the batch. */
  readonly rows: number
  /** The metrics of the batch before the step. */
  readonly metrics: Readonly<Record<string, number>>
  /** Where `norms` is asked for. */
  readonly norms?: Norms
}

/** What is told after each epoch. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number
  /** Steps taken until then. */
  readonly steps: number
  /** Mean over the epoch's steps of the loss before each step, weighted by rows. */
  readonly loss: number
  readonly validation?: number
  readonly learningRate: number
  /** The metrics over the epoch's batches, each before its step. */
  readonly metrics?: Readonly<Record<string, number>>
  readonly validationMetrics?: Readonly<Record<string, number>>
  /** Means over the epoch's steps. */
  readonly norms?: Norms
}

/** What a callback may do. */
export interface Control {
  /** Ends training: after this epoch, or after the run in which a step said so. */
  stop(): void
  /** The learning rate of the last step. */
  readonly learningRate: number
  /** Multiplies every learning rate with a factor, from the next run on. */
  scaleLearningRate(factor: number): void
  /** Returns the parameters as they are now, by path, copied. */
  parameters(): Promise<Readonly<Record<string, Tensor<'float32'>>>>
}

/** Something that is told how training goes. */
export interface Callback {
  /** Tells its state from that of others in a checkpoint. */
  readonly name: string
  onStep?(record: StepRecord, control: Control): void | Promise<void>
  onEpoch?(record: EpochRecord, control: Control): void | Promise<void>
  /** Called once, when training ends well or badly. */
  onEnd?(): void | Promise<void>
  /** Returns what a checkpoint keeps of it. */
  state?(): Json
  /** Takes what `state` gave before. */
  restore?(state: Json): void
}
