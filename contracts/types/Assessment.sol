// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Terms} from "./Terms.sol";

/// @dev Where a position stands at a price. Amounts are WAD quote.
struct Assessment {
    /// @dev Unrealized PnL less what has accrued, not bounded by the reserve.
    int256 gain;
    int256 equity;
    uint256 maintenanceMargin;
    uint256 notional;
    /// @dev Maintenance margin ratio plus liquidation fee ratio [WAD].
    uint256 ratio;
    /// @dev Long minus short open interest [WAD base].
    int256 skew;
    Terms terms;
}
