// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {TokenScale} from "../libraries/TokenScale.sol";
import {WadMath} from "../libraries/WadMath.sol";
import {Market} from "../types/Market.sol";
import {Position} from "../types/Position.sol";
import {VaultCore} from "./VaultCore.sol";

/// @dev What closing a part of a position does to its box, before any fee. Amounts are WAD quote unless named.
struct Closing {
    /// @dev Signed change of size [WAD base].
    int256 closedSize;
    /// @dev Price it is closed at [WAD quote per base].
    uint256 fillPrice;
    /// @dev Gain or loss of the part, before the box bounds it.
    int256 pnl;
    /// @dev Reserve that the part releases.
    uint256 released;
    /// @dev What the pool pays of it, in whole token units.
    uint256 gain;
    /// @dev What the margin pays to the pool.
    uint256 loss;
    /// @dev Loss that the margin could not pay; nobody's debt.
    uint256 shortfall;
    /// @dev The pool's cash afterwards.
    uint256 cash;
    /// @dev The sum of reserves afterwards.
    uint256 reserved;
}

/// @title VaultBox
/// @notice Closing a part of a position: the pool pays out of its reserve, the trader out of its margin, and nobody more.
abstract contract VaultBox is VaultCore {
    using SafeCast for uint256;

    /// @dev Moves the tokens of a closing: the loss becomes due to the pool; the gain, and `extra` for the keeper, are
    /// taken from what is due to the pool, then from the pool itself. Returns what could not be delivered; that much
    /// is claimable at the pool by the owner and must not be paid here.
    function _settleWithPool(
        Market memory market_,
        Position memory position_,
        Closing memory closing,
        uint256 extra
    ) internal returns (uint256 undelivered) {
        uint256 poolDue = market_.poolDue + closing.loss;
        uint256 drawn = closing.gain + extra;
        uint256 netted = TokenScale.floorToToken(drawn < poolDue ? drawn : poolDue, _scale);
        market_.poolDue = uint128(poolDue - netted);
        uint256 pulled = drawn - netted;
        bool delivered;
        (closing.cash, closing.reserved, delivered) = _pool.releaseReserve(closing.released, pulled, position_.owner);
        if (!delivered) undelivered = pulled;
    }

    function _recordShortfall(Market memory market_, uint256 positionId, uint256 shortfall) internal {
        if (shortfall != 0) emit ShortfallRecorded(positionId, ++market_.sequence, shortfall);
    }

    /// @dev Closes `closed` of a folded position in memory at `fillPrice`. Pure arithmetic: {_settleWithPool} moves the
    /// tokens.
    function _closing(
        Position memory position_,
        uint256 closed,
        uint256 fillPrice
    ) internal view returns (Closing memory closing) {
        uint256 whole = WadMath.abs(position_.size);
        closing.closedSize = _closingDelta(position_, closed);
        closing.fillPrice = fillPrice;
        closing.released = (uint256(position_.reserve) * closed) / whole;
        // Rounded up: the part closed carries the odd wei of cost.
        int256 cost = -WadMath.divFloor(-(int256(position_.openNotional) * int256(closed)), int256(whole));
        closing.pnl = WadMath.mulWadFloor(-closing.closedSize, int256(fillPrice)) - cost;
        if (closing.pnl >= 0) {
            uint256 gain = uint256(closing.pnl);
            closing.gain = TokenScale.floorToToken(gain < closing.released ? gain : closing.released, _scale);
        } else {
            uint256 loss = uint256(-closing.pnl);
            closing.loss = loss < position_.margin ? loss : position_.margin;
            closing.shortfall = loss - closing.loss;
        }
        // No part is larger than the whole it is taken from, so these casts cut nothing.
        position_.size += int96(closing.closedSize);
        position_.openNotional -= int96(cost);
        position_.reserve -= uint96(closing.released);
        position_.margin = (position_.margin + closing.gain - closing.loss).toUint96();
    }

    /// @dev The size change that closes `closed` of a position.
    function _closingDelta(Position memory position_, uint256 closed) internal pure returns (int256) {
        return position_.size > 0 ? -int256(closed) : int256(closed);
    }

    /// @dev Takes up to `amount` from margin; returns what was taken.
    function _takeFromMargin(Position memory position_, uint256 amount) internal pure returns (uint256 taken) {
        taken = amount < position_.margin ? amount : position_.margin;
        position_.margin -= uint96(taken);
    }

    /// @dev A trial copy of a position, ten words: field by field it would cost 200 bytes of code and 300 gas.
    function _copy(Position memory position_) internal pure returns (Position memory rest) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mcopy(rest, position_, 0x140)
        }
    }
}
