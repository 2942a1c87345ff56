// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TokenScale} from "../libraries/TokenScale.sol";
import {Closing} from "../types/Closing.sol";
import {Market} from "../types/Market.sol";
import {Position} from "../types/Position.sol";
import {VaultCore} from "./VaultCore.sol";

/// @title VaultBox
/// @notice Settling what closes with the pool: the pool pays out of the position's reserve, the trader out of its margin,
/// and nobody more.
abstract contract VaultBox is VaultCore {
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
}
