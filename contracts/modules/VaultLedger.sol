// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ICommonErrors} from "../interfaces/ICommonErrors.sol";
import {BorrowMath} from "../libraries/BorrowMath.sol";
import {FundingMath} from "../libraries/FundingMath.sol";
import {MarketMath} from "../libraries/MarketMath.sol";
import {PositionMath} from "../libraries/PositionMath.sol";
import {TermsMath} from "../libraries/TermsMath.sol";
import {Market, SETTLED} from "../types/Market.sol";
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

    /// @dev Bit of {Position-traits} that says that a rescue mandate stands.
    uint8 internal constant _MANDATED = 1;

    /// @dev Stores both indices.
    function _storeIndices(Market memory market_) internal {
        Market storage stored = _market;
        stored.fundingIndex = market_.fundingIndex;
        stored.borrowIndex = market_.borrowIndex;
        stored.accruedAt = market_.accruedAt;
    }

    /// @dev Stores the one slot that moving margin at a price changes.
    function _storeMargins(Market memory market_) internal {
        Market storage stored = _market;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let field := add(market_, 0x120)
            sstore(
                add(stored.slot, 3),
                or(
                    or(mload(field), shl(96, mload(add(field, 0x20)))),
                    or(shl(192, mload(add(field, 0x40))), shl(224, mload(add(field, 0x60))))
                )
            )
        }
    }

    /// @dev Writes each slot once: the compiler's copy of a packed struct reads and writes a slot for every field, at 2 KB
    /// of code and 2k of gas more. Memory holds clean values; signed ones are cut to their width.
    function _storeMarket(Market memory market_) internal {
        Market storage stored = _market;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let field := market_
            let slot := stored.slot
            let mask := 0xffffffffffffffffffffffff
            sstore(slot, or(or(mload(field), shl(96, mload(add(field, 0x20)))), shl(192, mload(add(field, 0x40)))))
            sstore(
                add(slot, 1),
                or(
                    or(and(mask, mload(add(field, 0x60))), shl(96, and(shr(16, mask), mload(add(field, 0x80))))),
                    or(shl(176, mload(add(field, 0xa0))), shl(216, mload(add(field, 0xc0))))
                )
            )
            sstore(
                add(slot, 2),
                or(and(0xffffffffffffffffffffffffff, mload(add(field, 0xe0))), shl(104, mload(add(field, 0x100))))
            )
            sstore(add(slot, 4), or(mload(add(field, 0x1a0)), shl(128, mload(add(field, 0x1c0)))))
        }
        _storeMargins(market_);
    }

    /// @dev The only place that stores a position whose size changed. A closed one is in no sum.
    function _storePosition(Market memory market_, uint256 positionId, Position memory position_) internal {
        if (position_.size == 0) {
            _storeClosed(_positions[positionId], position_.traits);
            emit PositionClosed(positionId, ++market_.sequence);
            return;
        }
        market_.attach(position_);
        _writePosition(_positions[positionId], position_);
        _emitPosition(positionId, ++market_.sequence, position_);
    }

    /// @dev Stores the rates anew; they stay constant until the next call, which makes accrual independent of pokes.
    function _updateRates(Market memory market_, uint256 cash, uint256 reserved) internal {
        // A settled market stands still, so that whoever is closed later closes at the same terms.
        if (market_.clock != SETTLED) {
            // Both rates are bounded by ParameterBounds: 3.2e11 per second × a 96-bit price, and 1.6e11 per second.
            market_.fundingVelocity = int80(
                FundingMath.velocity(market_.referencePrice, market_.skew(), _maxFundingRate, _fundingScale)
            );
            market_.borrowRate = uint40(BorrowMath.borrowRate(BorrowMath.utilization(reserved, cash), _borrowCurves()));
        }
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

    /// @dev The market with both indices brought to now; in memory until {_storeMarket}. What is run often copies and
    /// accrues it in place instead: a struct that a function returns is laid out twice, here at 400 of gas.
    function _accrued() internal view returns (Market memory market_) {
        market_ = _market;
        market_.accrue(block.timestamp);
    }

    /// @dev The market without its sizes and dues, brought to now: for what changes no size.
    function _accruedMargins() internal view returns (Market memory market_) {
        Market storage stored = _market;
        market_.borrowIndex = stored.borrowIndex;
        market_.fundingIndex = stored.fundingIndex;
        market_.fundingVelocity = stored.fundingVelocity;
        market_.borrowRate = stored.borrowRate;
        market_.accruedAt = stored.accruedAt;
        market_.totalMargin = stored.totalMargin;
        market_.lastPrice = stored.lastPrice;
        market_.clock = stored.clock;
        market_.sequence = stored.sequence;
        market_.accrue(block.timestamp);
    }

    /// @dev Terms as they are used; see {TermsMath} for how they are stored.
    function _termsOf(uint256 termsId) internal view returns (Terms memory terms_) {
        _readTerms(terms_, termsId);
    }

    /// @dev As {_termsOf}, into terms that are laid out already.
    function _readTerms(Terms memory terms_, uint256 termsId) internal view {
        TermsWords storage words = _terms[termsId];
        TermsMath.unpackMargins(terms_, words.margins);
        TermsMath.unpackTrades(terms_, words.trades);
    }

    /// @dev Terms as far as margin checks read them, which is one slot; the rest is zero.
    function _marginTermsOf(uint256 termsId) internal view returns (Terms memory terms_) {
        TermsMath.unpackMargins(terms_, _terms[termsId].margins);
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
    function _stamp(Market memory market_, Position memory position_, uint256 price, uint256 observedAt) internal pure {
        if (observedAt >= market_.clock) {
            market_.clock = uint32(observedAt);
            market_.referencePrice = market_.lastPrice = price.toUint96();
        }
        if (observedAt > position_.priceTime) position_.priceTime = uint32(observedAt);
        position_.cooldown = 0;
    }

    /// @dev As {_storeMarket}: one write a slot.
    function _writePosition(Position storage stored, Position memory position_) private {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let field := position_
            let slot := stored.slot
            let mask := 0xffffffffffffffffffffffff
            sstore(
                slot,
                or(
                    or(and(mask, mload(field)), shl(96, and(mask, mload(add(field, 0x20))))),
                    or(
                        or(shl(192, mload(add(field, 0x40))), shl(224, mload(add(field, 0x60)))),
                        or(shl(232, mload(add(field, 0x80))), shl(240, mload(add(field, 0xa0))))
                    )
                )
            )
            sstore(
                add(slot, 1),
                or(or(mload(add(field, 0xc0)), shl(96, mload(add(field, 0xe0)))), shl(192, mload(add(field, 0x100))))
            )
            sstore(add(slot, 2), or(mload(add(field, 0x120)), shl(160, mload(add(field, 0x140)))))
        }
    }

    /// @dev Clears two slots but for the number of transfers. The third stays as it is: a closed position keeps its owner, so
    /// that escrow of its waiting orders finds its way back, and its id can never be opened again.
    function _storeClosed(Position storage stored, uint8 traits) private {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            sstore(stored.slot, shl(232, and(not(_MANDATED), traits)))
            sstore(add(stored.slot, 1), 0)
        }
    }

    /// @dev {PositionUpdated}, whose fields are in the order of the struct: encoding them one by one takes 250 bytes.
    function _emitPosition(uint256 positionId, uint256 sequence, Position memory position_) private {
        bytes32 topic = PositionUpdated.selector;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, sequence)
            mcopy(add(data, 0x20), position_, 0x160)
            log2(data, 0x180, topic, positionId)
        }
    }
}
