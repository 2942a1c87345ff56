// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BorrowMath} from "../../contracts/libraries/BorrowMath.sol";
import {FundingMath} from "../../contracts/libraries/FundingMath.sol";
import {SkewMath} from "../../contracts/libraries/SkewMath.sol";
import {TokenScale} from "../../contracts/libraries/TokenScale.sol";

/// @title MarketClaims
/// @notice Prices with impact, premium, funding, borrowing and token units, within the widths of their storage.
contract MarketClaims {
    function fillPrice_buysNotBelowSells(uint96 price, int96 skew, int96 delta, uint96 scale) external pure {
        if (scale == 0 || delta <= 0) return;
        // The same step there and back, at the same price: a round trip never pays.
        uint256 bought = SkewMath.fillPrice(price, skew, delta, scale);
        uint256 sold = SkewMath.fillPrice(price, int256(skew) + delta, -int256(delta), scale);
        assert(sold <= bought && bought - sold <= 1);
    }

    function fillPrice_growsWithABuy(uint96 price, int96 skew, int96 delta, int96 more, uint96 scale) external pure {
        if (scale == 0 || delta <= 0 || more < delta) return;
        uint256 small = SkewMath.fillPrice(price, skew, delta, scale);
        assert(small <= SkewMath.fillPrice(price, skew, more, scale));
    }

    function fillPrice_fallsWithASale(uint96 price, int96 skew, int96 delta, int96 more, uint96 scale) external pure {
        if (scale == 0 || delta >= 0 || more > delta) return;
        uint256 large = SkewMath.fillPrice(price, skew, more, scale);
        assert(large <= SkewMath.fillPrice(price, skew, delta, scale));
    }

    function fillPrice_isRoundedUpForABuy(uint96 price, int96 skew, int96 delta, uint96 scale) external pure {
        if (scale == 0 || delta <= 0) return;
        int256 exact = int256(uint256(price)) * (2 * (int256(uint256(scale)) + skew) + delta);
        int256 filled = int256(SkewMath.fillPrice(price, skew, delta, scale));
        assert(filled * 2 * int256(uint256(scale)) >= exact);
    }

    function fillPrice_isRoundedDownForASale(uint96 price, int96 skew, int96 delta, uint96 scale) external pure {
        if (scale == 0 || delta > 0) return;
        int256 exact = int256(uint256(price)) * (2 * (int256(uint256(scale)) + skew) + delta);
        int256 filled = int256(SkewMath.fillPrice(price, skew, delta, scale));
        assert(filled * 2 * int256(uint256(scale)) <= exact);
    }

    function premium_isRoundedUp(uint96 price, int96 skew, uint96 scale) external pure {
        if (scale == 0) return;
        uint256 depth = skew < 0 ? uint256(-int256(skew)) : uint256(int256(skew));
        assert(SkewMath.premium(price, skew, scale) * 2 * scale * 1e18 >= uint256(price) * depth * depth);
    }

    function funding_heavierSideNeverReceives(uint96 price, int96 skew, uint64 rate, uint96 scale) external pure {
        if (scale == 0) return;
        int256 velocity = FundingMath.velocity(price, skew, rate, scale);
        assert(skew >= 0 ? velocity >= 0 : velocity <= 0);
    }

    function funding_owedIsNeverLessThanReceived(int96 size, int96 index, int96 snapshot) external pure {
        // One long, one short of the same size: what is owed covers what is received (LAW-8).
        int256 owed = FundingMath.owed(size, index, snapshot);
        assert(owed + FundingMath.owed(-int256(size), index, snapshot) >= 0);
    }

    function utilization_isAtMostOne(uint128 reserved, uint128 cash) external pure {
        assert(BorrowMath.utilization(reserved, cash) <= 1e18);
    }

    function utilization_isRoundedUp(uint128 reserved, uint128 cash) external pure {
        if (reserved > cash) return;
        assert(BorrowMath.utilization(reserved, cash) * cash >= uint256(reserved) * 1e18);
    }

    function borrowFee_composesAgainstTheAccount(
        uint96 reserve,
        uint64 early,
        uint64 middle,
        uint64 late
    ) external pure {
        if (early > middle || middle > late) return;
        // Folding in between never makes it cheaper, and dearer by at most a wei.
        uint256 parts = BorrowMath.owed(reserve, middle, early) + BorrowMath.owed(reserve, late, middle);
        uint256 whole = BorrowMath.owed(reserve, late, early);
        assert(parts >= whole && parts <= whole + 1);
    }

    function tokenUnits_ofSixDecimalsRoundDownThereAndUpBack(uint128 amount) external pure {
        uint256 floor = TokenScale.floorToToken(amount, 1e12);
        uint256 ceiling = TokenScale.ceilToToken(amount, 1e12);
        assert(floor <= amount && amount - floor < 1e12 && ceiling >= amount && ceiling - amount < 1e12);
        assert(TokenScale.toWad(TokenScale.toTokenDown(amount, 1e12), 1e12) == floor);
    }

    function refuted_fillPrice_isRoundedDownForABuy(uint96 price, int96 skew, int96 delta, uint96 scale) external pure {
        if (scale == 0 || delta <= 0) return;
        int256 exact = int256(uint256(price)) * (2 * (int256(uint256(scale)) + skew) + delta);
        assert(int256(SkewMath.fillPrice(price, skew, delta, scale)) * 2 * int256(uint256(scale)) <= exact);
    }

    function refuted_borrowFee_composesExactly(uint96 reserve, uint64 early, uint64 middle, uint64 late) external pure {
        if (early > middle || middle > late) return;
        uint256 parts = BorrowMath.owed(reserve, middle, early) + BorrowMath.owed(reserve, late, middle);
        assert(parts == BorrowMath.owed(reserve, late, early));
    }

    function refuted_tokenUnits_areExact(uint128 amount) external pure {
        assert(TokenScale.floorToToken(amount, 1e12) == amount);
    }
}
