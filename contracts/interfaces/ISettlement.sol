// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TradeKind} from "./ITrade.sol";

/// @title ISettlement
/// @notice Closing positions that have won all they can, and all of them when the oracle has died.
interface ISettlement {
    /// @notice Emitted when anybody but the owner closes a position that need not be liquidated. The numbers are in
    /// {ITrade-PositionDecreased} of the MarginVault.
    event PositionSettled(
        uint256 indexed positionId,
        address indexed keeper,
        uint256 sequence,
        TradeKind kind,
        uint256 keeperFee
    );

    /// @notice Emitted when somebody shows a valid price and nothing else.
    event PriceShown(uint256 sequence, uint256 price, uint256 observedAt);

    /// @notice Thrown when none of the listed positions was open.
    error NothingSettled(uint256 items);

    /// @notice Closes a position whose gain at the fill price has reached its reserve.
    ///
    /// @dev Emits {PositionSettled}. The owner receives margin and reserve less `keeperFeeFloor`.
    ///
    /// Requirements:
    /// - The price must not be older than any that the market or the position has used.
    /// - The position must be open, and its gain at the fill price of a full close at least its reserve.
    ///
    /// @param positionId The position.
    /// @param proof Spot price proof for the oracle.
    /// @param feeReceiver Who receives the keeper's fee.
    /// @return keeperFee The fee [WAD quote].
    function settleAtCap(
        uint256 positionId,
        bytes calldata proof,
        address feeReceiver
    ) external payable returns (uint256 keeperFee);

    /// @notice Shows the market a valid price of now, which proves that its oracle lives.
    ///
    /// @dev Emits {PriceShown}. Ether left after verification returns to the caller.
    ///
    /// Requirements:
    /// - The price must not be older than any that the market has used.
    ///
    /// @param proof Spot price proof for the oracle.
    function poke(bytes calldata proof) external payable;

    /// @notice Closes positions of a settled market, all at the one last price and without skew. Anybody may call.
    ///
    /// @dev Emits {PositionSettled} for each. Closed ones are passed over.
    ///
    /// Requirements:
    /// - The market must be settled.
    /// - At least one of the positions must be open.
    ///
    /// @param positionIds The positions.
    /// @param feeReceiver Who receives `keeperFeeFloor` for each, from its margin, else from its reserve.
    /// @return keeperFee The fees together [WAD quote].
    function closeSettled(uint256[] calldata positionIds, address feeReceiver) external returns (uint256 keeperFee);
}
