// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Closing} from "../types/Closing.sol";
import {Position} from "../types/Position.sol";
import {TokenScale} from "./TokenScale.sol";
import {WadMath} from "./WadMath.sol";

/// @title BoxMath
/// @notice Closing a part of a position in memory, and adding to it: what leaves or enters which side of its box. Moves no
/// token.
library BoxMath {
    using SafeCast for uint256;
    using SafeCast for int256;

    /// @notice Closes `closed` of a folded position at `fillPrice`.
    ///
    /// @dev The gain is paid out of the part's share of the reserve, the loss out of margin, neither by more than that.
    ///
    /// @param position Folded at the market's indices; changed in place.
    /// @param closed How much of its size [WAD base].
    /// @param fillPrice Price of the closing [WAD quote per base].
    /// @param scale WAD units in one token unit.
    /// @return closing What leaves the box; `cash` and `reserved` are left to whoever moves the tokens.
    function close(
        Position memory position,
        uint256 closed,
        uint256 fillPrice,
        uint256 scale
    ) internal pure returns (Closing memory closing) {
        uint256 whole = WadMath.abs(position.size);
        closing.closedSize = closingDelta(position, closed);
        closing.fillPrice = fillPrice;
        closing.released = (uint256(position.reserve) * closed) / whole;
        // Rounded up: the part closed carries the odd wei of cost.
        int256 cost = -WadMath.divFloor(-(int256(position.openNotional) * int256(closed)), int256(whole));
        closing.pnl = WadMath.mulWadFloor(-closing.closedSize, int256(fillPrice)) - cost;
        if (closing.pnl >= 0) {
            uint256 gain = uint256(closing.pnl);
            closing.gain = TokenScale.floorToToken(gain < closing.released ? gain : closing.released, scale);
        } else {
            uint256 loss = uint256(-closing.pnl);
            closing.loss = loss < position.margin ? loss : position.margin;
            closing.shortfall = loss - closing.loss;
        }
        // No part is larger than the whole it is taken from, so these casts cut nothing.
        position.size += int96(closing.closedSize);
        position.openNotional -= int96(cost);
        position.reserve -= uint96(closing.released);
        position.margin = (position.margin + closing.gain - closing.loss).toUint96();
    }

    /// @notice Takes up to `amount` from margin.
    ///
    /// @param position Changed in place.
    /// @param amount What is asked for [WAD quote].
    /// @return taken What was there [WAD quote].
    function takeFromMargin(Position memory position, uint256 amount) internal pure returns (uint256 taken) {
        taken = amount < position.margin ? amount : position.margin;
        position.margin -= uint96(taken);
    }

    /// @notice The size change that closes `closed` of a position [WAD base].
    function closingDelta(Position memory position, uint256 closed) internal pure returns (int256) {
        return position.size > 0 ? -int256(closed) : int256(closed);
    }

    /// @notice Puts what a box holds into another.
    ///
    /// @param position Folded; changed in place.
    /// @param other Of the same side; owes nothing.
    function join(Position memory position, Position memory other) internal pure {
        position.size = (int256(position.size) + other.size).toInt96();
        position.openNotional = (int256(position.openNotional) + other.openNotional).toInt96();
        position.margin = (uint256(position.margin) + other.margin).toUint96();
        position.reserve = (uint256(position.reserve) + other.reserve).toUint96();
    }

    /// @notice A trial copy of a position, eleven words: field by field it would cost 200 bytes of code and 300 gas.
    function copy(Position memory position) internal pure returns (Position memory rest) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mcopy(rest, position, 0x160)
        }
    }
}
