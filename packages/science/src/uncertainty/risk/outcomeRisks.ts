/** The prediction that is none: the model abstains. */
export const ABSTAINED = -1

/**
 * A risk told by truth and prediction of a row, both class indices (the prediction `ABSTAINED`, -1, if there is none).
 * Its value is the mean of `occurrence`, in [0, 1], over the rows that meet `condition`.
 */
export interface OutcomeRisk {
  occurrence(truth: number, prediction: number): boolean | number
  /** All rows by default. */
  condition?(truth: number, prediction: number): boolean
  /** Whether targets are lower limits; false by default. */
  readonly higherIsBetter?: boolean
}

const right = (truth: number, prediction: number): boolean => truth === prediction

/** Returns the share of class `k` that is predicted so, one class against the rest. */
export const recallOf = (k: number): OutcomeRisk => ({
  occurrence: right,
  condition: (truth) => truth === k,
  higherIsBetter: true,
})

/** Returns the share of the predictions of class `k` that are right. */
export const precisionOf = (k: number): OutcomeRisk => ({
  occurrence: right,
  condition: (_, prediction) => prediction === k,
  higherIsBetter: true,
})

/**
 * The risks by name; class 1 is the positive one where there are two. Names and conditions follow MAPIE 1.6
 * `binary_risk_choice_map`.
 */
export const OUTCOME_RISKS = {
  precision: precisionOf(1),
  recall: recallOf(1),
  accuracy: { occurrence: right, higherIsBetter: true },
  fpr: { occurrence: (_, prediction) => prediction === 1, condition: (truth) => truth === 0 },
  predictedPositiveFraction: { occurrence: (_, prediction) => prediction === 1 },
  positivePredictiveValue: precisionOf(1),
  negativePredictiveValue: precisionOf(0),
  abstentionRate: { occurrence: (_, prediction) => prediction === ABSTAINED },
  /** Right among those answered. */
  selectiveAccuracy: {
    occurrence: right,
    condition: (_, prediction) => prediction !== ABSTAINED,
    higherIsBetter: true,
  },
} as const satisfies Readonly<Record<string, OutcomeRisk>>
