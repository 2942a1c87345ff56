// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Market} from "../types/Market.sol";
import {Position} from "../types/Position.sol";
import {SkewMath} from "./SkewMath.sol";
import {WadMath} from "./WadMath.sol";

/// @title MarketMath
/// @notice Sums over positions. A position is detached before it changes and attached after, so that the sums equal
/// the sum over positions by construction (LAW-4).
library MarketMath {
    using SafeCast for int256;
    using WadMath for uint256;

    /// @notice Moves both indices to `timestamp`.
    ///
    /// @dev Linear in time with rates already rounded, so any partition of time gives the same result (LAW-9). An
    /// index that reached the end of its range stays there: accrual then stops, and nothing reverts.
    ///
    /// @param market The stored sums; changed in place.
    /// @param timestamp Now; not before the last accrual [s].
    function accrue(Market memory market, uint256 timestamp) internal pure {
        int256 elapsed = int256(timestamp - market.accruedAt);
        if (elapsed == 0) return;
        int256 funding = market.fundingIndex + market.fundingVelocity * elapsed;
        market.fundingIndex = int96(WadMath.clamp(funding, type(int96).min, type(int96).max));
        uint256 borrow = market.borrowIndex + uint256(market.borrowRate) * uint256(elapsed);
        market.borrowIndex = uint64(borrow < type(uint64).max ? borrow : type(uint64).max);
        market.accruedAt = uint40(timestamp);
    }

    /// @notice Takes a position out of the sums.
    /// @param market The stored sums; changed in place.
    /// @param position The position as it was attached, its margin apart, which is added to both.
    function detach(Market memory market, Position memory position) internal pure {
        if (position.size > 0) market.longOpenInterest -= uint96(position.size);
        else market.shortOpenInterest -= uint96(-position.size);
        market.netBasis = (market.netBasis - basisOf(position)).toInt104();
        market.totalMargin -= position.margin;
    }

    /// @notice Puts a position into the sums.
    /// @param market The stored sums; changed in place.
    /// @param position The position, folded at the market's indices; one of size zero adds nothing.
    function attach(Market memory market, Position memory position) internal pure {
        if (position.size > 0) market.longOpenInterest += uint96(position.size);
        else market.shortOpenInterest += uint96(-position.size);
        market.netBasis = (market.netBasis + basisOf(position)).toInt104();
        market.totalMargin += position.margin;
    }

    /// @notice Long minus short open interest.
    /// @param market The stored sums.
    /// @return The skew [± WAD base].
    function skew(Market memory market) internal pure returns (int256) {
        return int256(uint256(market.longOpenInterest)) - int256(uint256(market.shortOpenInterest));
    }

    /// @notice What the pool owes traders at `price`, were all of them closed: their net gain and the refundable
    /// premium, bounded by all margins below and all reserves above.
    ///
    /// @dev Rounded up: never below the sum of what positions would gain one by one, and above it by a few wei a
    /// position. Sums of what is owed therefore start from bases that were rounded up.
    ///
    /// @param market The sums, accrued.
    /// @param price Index price [WAD quote per base].
    /// @param skewScale Depth of the market, not zero [WAD base].
    /// @param reserved Sum of reserves [WAD quote].
    /// @return The claim; negative where traders owe the pool [± WAD quote].
    function tradersClaim(
        Market memory market,
        uint256 price,
        uint256 skewScale,
        uint256 reserved
    ) internal pure returns (int256) {
        int256 skew_ = skew(market);
        int256 funding = WadMath.mulWadFloor(skew_, market.fundingIndex);
        int256 borrow = int256(reserved.mulWadDown(market.borrowIndex));
        int256 net = WadMath.mulWadCeil(skew_, int256(price)) - market.netBasis - funding - borrow;
        net += int256(SkewMath.premium(price, skew_, skewScale));
        return WadMath.clamp(net, -int256(uint256(market.totalMargin)), int256(reserved));
    }

    function basisOf(Position memory position) private pure returns (int256) {
        int256 funding = WadMath.mulWadCeil(position.size, position.fundingIndex);
        int256 borrow = int256(uint256(position.reserve).mulWadUp(position.borrowIndex));
        return position.openNotional - funding - borrow;
    }
}
