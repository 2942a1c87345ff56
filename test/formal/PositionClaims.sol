// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MarketMath} from "../../contracts/libraries/MarketMath.sol";
import {PositionMath} from "../../contracts/libraries/PositionMath.sol";
import {WadMath} from "../../contracts/libraries/WadMath.sol";
import {Market} from "../../contracts/types/Market.sol";
import {Position} from "../../contracts/types/Position.sol";

/// @title PositionClaims
/// @notice Worth, requirements and box of one position, within the widths of its storage.
contract PositionClaims {
    function equity_isAtMostTheBox(uint96 margin, uint96 reserve, int128 gain) external pure {
        Position memory position;
        (position.margin, position.reserve) = (margin, reserve);
        assert(PositionMath.equity(position, gain) <= int256(uint256(margin)) + int256(uint256(reserve)));
    }

    function equity_growsWithTheGain(uint96 margin, uint96 reserve, int128 gain, int128 more) external pure {
        if (gain > more) return;
        Position memory position;
        (position.margin, position.reserve) = (margin, reserve);
        assert(PositionMath.equity(position, gain) <= PositionMath.equity(position, more));
    }

    function gain_ofALongGrowsWithThePrice(int96 size, int96 basis, uint96 price, uint96 higher) external pure {
        if (size < 0 || price > higher) return;
        Position memory position;
        (position.size, position.openNotional) = (size, basis);
        assert(PositionMath.gain(position, price, 0) <= PositionMath.gain(position, higher, 0));
    }

    function gain_ofAShortFallsWithThePrice(int96 size, int96 basis, uint96 price, uint96 higher) external pure {
        if (size > 0 || price > higher) return;
        Position memory position;
        (position.size, position.openNotional) = (size, basis);
        assert(PositionMath.gain(position, price, 0) >= PositionMath.gain(position, higher, 0));
    }

    function gain_ofBothSidesIsNoneTogether(int96 size, int96 basis, uint96 price) external pure {
        if (size == type(int96).min || basis == type(int96).min) return;
        Position memory position;
        (position.size, position.openNotional) = (size, basis);
        int256 gain = PositionMath.gain(position, price, 0);
        (position.size, position.openNotional) = (-size, -basis);
        assert(gain + PositionMath.gain(position, price, 0) <= 0);
    }

    function maintenance_growsWithNotional(uint128 notional, uint128 more, uint64 ratio, uint96 least) external pure {
        if (notional > more) return;
        uint256 required = PositionMath.maintenanceMargin(notional, ratio, least);
        assert(required <= PositionMath.maintenanceMargin(more, ratio, least) && required >= least);
    }

    function liquidationSize_isAtMostTheWhole(
        int96 size,
        uint128 value,
        int128 equity,
        uint64 target,
        uint64 cost
    ) external pure {
        if (size == type(int96).min) return;
        uint256 whole = size < 0 ? uint256(-int256(size)) : uint256(int256(size));
        assert(PositionMath.liquidationSize(size, value, equity, target, cost) <= whole);
    }

    function liquidationPrice_quotientGrowsWithItsAmount(
        uint104 amount,
        uint104 more,
        uint96 size,
        uint64 share
    ) external pure {
        if (size == 0 || share == 0 || share > 2e18 || amount > more) return;
        // The only division of `priceUp`, which a long's margin lowers and what it owes raises.
        uint256 price = WadMath.mulDivUp(amount, 1e36, uint256(size) * share);
        assert(price <= WadMath.mulDivUp(more, 1e36, uint256(size) * share));
    }

    function claim_isWithinMarginsAndReserves(
        uint96 longs,
        uint96 shorts,
        int104 basis,
        uint96 margins,
        uint96 price,
        uint96 reserved
    ) external pure {
        Market memory market;
        (market.longOpenInterest, market.shortOpenInterest) = (longs, shorts);
        (market.netBasis, market.totalMargin) = (basis, margins);
        int256 claim = MarketMath.tradersClaim(market, price, 1e24, reserved);
        assert(claim >= -int256(uint256(margins)) && claim <= int256(uint256(reserved)));
    }

    function refuted_equity_isAtLeastTheMargin(uint96 margin, uint96 reserve, int128 gain) external pure {
        Position memory position;
        (position.margin, position.reserve) = (margin, reserve);
        assert(PositionMath.equity(position, gain) >= int256(uint256(margin)));
    }

    function refuted_gain_ofBothSidesIsExact(int96 size, int96 basis, uint96 price) external pure {
        if (size == type(int96).min || basis == type(int96).min) return;
        Position memory position;
        (position.size, position.openNotional) = (size, basis);
        int256 gain = PositionMath.gain(position, price, 0);
        (position.size, position.openNotional) = (-size, -basis);
        assert(gain + PositionMath.gain(position, price, 0) == 0);
    }
}
