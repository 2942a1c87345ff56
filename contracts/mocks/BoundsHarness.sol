// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {ParameterBounds} from "../libraries/ParameterBounds.sol";
import {CurveParameters, PoolParameters} from "../types/MarketParameters.sol";
import {Terms} from "../types/Terms.sol";

/// @title BoundsHarness
/// @notice Exposes the bounds of parameters to tests.
contract BoundsHarness {
    function checkTerms(Terms calldata terms, uint256 minInitialMarginRatio, uint256 scale) external pure {
        ParameterBounds.checkTerms(terms, minInitialMarginRatio, scale);
    }

    function checkCurves(CurveParameters calldata curves, uint256 maxUtilization) external pure {
        ParameterBounds.checkCurves(curves, maxUtilization);
    }

    function checkPool(PoolParameters calldata pool, uint256 scale) external pure {
        ParameterBounds.checkPool(pool, scale);
    }

    function checkOpenInterest(uint256 maxOpenInterest, uint256 skewScale, uint256 slope) external pure {
        ParameterBounds.checkOpenInterest(maxOpenInterest, skewScale, slope);
    }

    function slopeOf(Terms calldata terms) external pure returns (uint256) {
        return ParameterBounds.slopeOf(terms);
    }
}
