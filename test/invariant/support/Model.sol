// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Market} from "../../../contracts/types/Market.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {Terms} from "../../../contracts/types/Terms.sol";

/// @dev A box after a part of its position was closed, before fees.
struct Box {
    /// @dev [1e-36 quote]
    int256 margin;
    /// @dev Gain or loss of the part before the box bounds it [± 1e-36 quote].
    int256 pnl;
    /// @dev What remains of the open notional [± 1e-36 quote].
    int256 openNotional;
}

/// @title Model
/// @notice DESIGN.md §§3–5 written down again from the text, in units of 1e-36 quote where no product needs rounding.
/// It shares no line with contracts/libraries: what the two disagree on by more than named roundings is an error.
library Model {
    int256 internal constant WAD = 1e18;

    /// @notice The funding index at `timestamp` [WAD quote per base].
    function fundingIndexAt(Market memory market, uint256 timestamp) internal pure returns (int256) {
        return market.fundingIndex + int256(market.fundingVelocity) * int256(timestamp - market.accruedAt);
    }

    /// @notice The borrow index at `timestamp` [WAD].
    function borrowIndexAt(Market memory market, uint256 timestamp) internal pure returns (int256) {
        return int256(uint256(market.borrowIndex) + uint256(market.borrowRate) * (timestamp - market.accruedAt));
    }

    function fundingOwed(Position memory position, int256 fundingIndex) internal pure returns (int256) {
        return int256(position.size) * (fundingIndex - position.fundingIndex);
    }

    function borrowOwed(Position memory position, int256 borrowIndex) internal pure returns (int256) {
        return int256(uint256(position.reserve)) * (borrowIndex - int256(uint256(position.borrowIndex)));
    }

    /// @notice Open notional with everything folded in.
    function foldedNotional(
        Position memory position,
        int256 fundingIndex,
        int256 borrowIndex
    ) internal pure returns (int256) {
        return
            int256(position.openNotional) * WAD +
            fundingOwed(position, fundingIndex) +
            borrowOwed(position, borrowIndex);
    }

    function gain(
        Position memory position,
        uint256 price,
        int256 fundingIndex,
        int256 borrowIndex
    ) internal pure returns (int256) {
        return int256(position.size) * int256(price) - foldedNotional(position, fundingIndex, borrowIndex);
    }

    function equity(Position memory position, int256 gain_) internal pure returns (int256) {
        int256 reserve = int256(uint256(position.reserve)) * WAD;
        return int256(uint256(position.margin)) * WAD + (gain_ < reserve ? gain_ : reserve);
    }

    function notional(Position memory position, uint256 price) internal pure returns (int256) {
        int256 product = int256(position.size) * int256(price);
        return product < 0 ? -product : product;
    }

    function maintenanceMargin(
        Position memory position,
        uint256 price,
        Terms memory terms
    ) internal pure returns (int256) {
        int256 ratio = int256(uint256(terms.maintenanceMarginRatio) + terms.liquidationFeeRatio);
        int256 byRatio = (notional(position, price) * ratio) / WAD;
        int256 floor = int256(uint256(terms.minMaintenance)) * WAD;
        return byRatio > floor ? byRatio : floor;
    }

    /// @notice The fill price of a size change, unrounded [1e-36 quote per base].
    function fillPrice(
        uint256 price,
        int256 skewBefore,
        int256 sizeDelta,
        uint256 skewScale
    ) internal pure returns (int256) {
        int256 doubled = 2 * (int256(skewScale) + skewBefore) + sizeDelta;
        return (int256(price) * doubled * WAD) / (2 * int256(skewScale));
    }

    /// @notice What closing `closed` of a position at `fill` does to its box.
    function close(
        Position memory position,
        uint256 closed,
        int256 fill,
        int256 fundingIndex,
        int256 borrowIndex
    ) internal pure returns (Box memory box) {
        int256 whole = position.size < 0 ? -int256(position.size) : int256(position.size);
        int256 part = int256(closed);
        int256 folded = foldedNotional(position, fundingIndex, borrowIndex);
        int256 cost = (folded * part) / whole;
        int256 value = (part * fill) / WAD;
        box.pnl = (position.size > 0 ? value : -value) - cost;
        box.openNotional = folded - cost;
        int256 cap = (int256(uint256(position.reserve)) * WAD * part) / whole;
        int256 margin = int256(uint256(position.margin)) * WAD;
        int256 bounded = box.pnl > cap ? cap : box.pnl;
        box.margin = bounded < -margin ? int256(0) : margin + bounded;
    }

    function skew(Market memory market) internal pure returns (int256) {
        return int256(uint256(market.longOpenInterest)) - int256(uint256(market.shortOpenInterest));
    }

    function abs(int256 a) internal pure returns (uint256) {
        return a < 0 ? uint256(-a) : uint256(a);
    }

    /// @notice `a ÷ 1e18`, toward −∞.
    function floorWad(int256 a) internal pure returns (int256) {
        int256 quotient = a / WAD;
        return a % WAD < 0 ? quotient - 1 : quotient;
    }
}
