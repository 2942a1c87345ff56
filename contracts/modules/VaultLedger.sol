// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ICommonErrors} from "../interfaces/ICommonErrors.sol";
import {BorrowMath} from "../libraries/BorrowMath.sol";
import {FundingMath} from "../libraries/FundingMath.sol";
import {MarketMath} from "../libraries/MarketMath.sol";
import {PositionMath} from "../libraries/PositionMath.sol";
import {TermsMath} from "../libraries/TermsMath.sol";
import {Market} from "../types/Market.sol";
import {Position} from "../types/Position.sol";
import {Terms, TermsWords} from "../types/Terms.sol";
import {VaultStorage} from "./VaultStorage.sol";

/// @title VaultLedger
/// @notice The only place that reads and writes positions, sums and rates.
abstract contract VaultLedger is VaultStorage, ICommonErrors {
    using SafeCast for uint256;
    using SafeCast for int256;
    using MarketMath for Market;
    using PositionMath for Position;

    /// @dev The market with both indices brought to now; in memory until {_storeMarket}.
    function _accrued() internal view returns (Market memory market_) {
        market_ = _market;
        market_.accrue(block.timestamp);
    }

    /// @dev The indices alone, brought to now, with the clock: two slots of five, for what changes no size.
    function _accruedIndices() internal view returns (Market memory market_) {
        Market storage stored = _market;
        market_.fundingIndex = stored.fundingIndex;
        market_.borrowIndex = stored.borrowIndex;
        market_.accruedAt = stored.accruedAt;
        market_.clock = stored.clock;
        market_.fundingVelocity = stored.fundingVelocity;
        market_.borrowRate = stored.borrowRate;
        market_.accrue(block.timestamp);
    }

    /// @dev Stores what {_accruedIndices} read and a price has moved.
    function _storeIndices(Market memory market_) internal {
        Market storage stored = _market;
        stored.fundingIndex = market_.fundingIndex;
        stored.borrowIndex = market_.borrowIndex;
        stored.accruedAt = market_.accruedAt;
        stored.clock = market_.clock;
    }

    /// @dev Writes each slot once: the compiler's copy of a packed struct reads and writes a slot for every field, at 2 KB
    /// of code and 2k of gas more. Memory holds clean values; signed ones are cut to their width.
    function _storeMarket(Market memory market_) internal {
        Market storage stored = _market;
        assembly ("memory-safe") {
            let field := market_
            let slot := stored.slot
            let mask := 0xffffffffffffffffffffffff
            sstore(slot, or(mload(field), shl(96, mload(add(field, 0x20)))))
            sstore(
                add(slot, 1),
                or(
                    or(and(mask, mload(add(field, 0x40))), shl(96, mload(add(field, 0x60)))),
                    or(shl(160, mload(add(field, 0x80))), shl(208, mload(add(field, 0xa0))))
                )
            )
            sstore(
                add(slot, 2),
                or(
                    or(and(mask, mload(add(field, 0xc0))), shl(96, mload(add(field, 0xe0)))),
                    shl(160, mload(add(field, 0x100)))
                )
            )
            sstore(
                add(slot, 3),
                or(
                    or(and(0xffffffffffffffffffffffffff, mload(add(field, 0x120))), shl(104, mload(add(field, 0x140)))),
                    shl(208, mload(add(field, 0x160)))
                )
            )
            sstore(add(slot, 4), or(mload(add(field, 0x180)), shl(128, mload(add(field, 0x1a0)))))
        }
    }

    /// @dev Terms as they are used; see {TermsMath} for how they are stored.
    function _termsOf(uint256 termsId) internal view returns (Terms memory) {
        TermsWords storage words = _terms[termsId];
        return TermsMath.unpack(words.ratios, words.amounts);
    }

    function _openPosition(uint256 positionId) internal view returns (Position memory position_) {
        position_ = _positions[positionId];
        require(position_.size != 0, PositionNotFound(positionId));
    }

    /// @dev The only place that stores a position whose size changed. A closed one keeps its owner, so that escrow of
    /// its waiting orders finds its way back, and its id can never be opened again.
    function _storePosition(Market memory market_, uint256 positionId, Position memory position_) internal {
        if (position_.size == 0) position_ = _closedPosition(position_);
        market_.attach(position_);
        _writePosition(_positions[positionId], position_);
        emit PositionUpdated(
            positionId,
            ++market_.sequence,
            position_.size,
            position_.openNotional,
            position_.margin,
            position_.reserve,
            position_.fundingIndex,
            position_.borrowIndex,
            position_.priceTime,
            position_.cooldown,
            position_.termsId
        );
    }

    /// @dev As {_storeMarket}: one write a slot.
    function _writePosition(Position storage stored, Position memory position_) private {
        assembly ("memory-safe") {
            let field := position_
            let slot := stored.slot
            let mask := 0xffffffffffffffffffffffff
            sstore(
                slot,
                or(
                    or(and(mask, mload(field)), shl(96, and(mask, mload(add(field, 0x20))))),
                    or(
                        shl(192, mload(add(field, 0x40))),
                        or(shl(224, mload(add(field, 0x60))), shl(240, mload(add(field, 0x80))))
                    )
                )
            )
            sstore(
                add(slot, 1),
                or(or(mload(add(field, 0xa0)), shl(96, mload(add(field, 0xc0)))), shl(192, mload(add(field, 0xe0))))
            )
            sstore(add(slot, 2), or(mload(add(field, 0x100)), shl(160, mload(add(field, 0x120)))))
        }
    }

    function _closedPosition(Position memory position_) private pure returns (Position memory closed) {
        closed.owner = position_.owner;
        closed.fundingIndex = position_.fundingIndex;
    }

    /// @dev Takes a position out of the sums and folds what it owes into its open notional: no token moves and equity
    /// cannot move, and the owed amount is no base for fees.
    function _detachAndFold(Market memory market_, Position memory position_) internal pure {
        market_.detach(position_);
        int256 owed = position_.accrued(market_.fundingIndex, market_.borrowIndex);
        position_.openNotional = (position_.openNotional + owed).toInt96();
        position_.fundingIndex = market_.fundingIndex;
        position_.borrowIndex = market_.borrowIndex;
    }

    /// @dev Notes the price of a size change. Neither the market's clock nor its reference price moves back when an
    /// order fills at a price older than the newest one used.
    function _stamp(Market memory market_, Position memory position_, uint256 price, uint64 observedAt) internal pure {
        if (observedAt >= market_.clock) {
            market_.clock = uint48(observedAt);
            market_.referencePrice = price.toUint96();
        }
        if (observedAt > position_.priceTime) position_.priceTime = uint32(observedAt);
        position_.cooldown = 0;
    }

    /// @dev Stores the rates anew; they stay constant until the next call, which makes accrual independent of pokes.
    function _updateRates(Market memory market_, uint256 cash, uint256 reserved) internal {
        // Both rates are bounded by ParameterBounds: 3.2e11 per second × a 96-bit price, and 1.6e11 per second.
        market_.fundingVelocity = int96(
            FundingMath.velocity(market_.referencePrice, market_.skew(), _maxFundingRate, _fundingScale)
        );
        market_.borrowRate = uint64(BorrowMath.borrowRate(BorrowMath.utilization(reserved, cash), _curves()));
        emit MarketUpdated(
            ++market_.sequence,
            market_.fundingIndex,
            market_.borrowIndex,
            market_.fundingVelocity,
            market_.borrowRate,
            market_.referencePrice,
            cash,
            reserved
        );
    }
}
