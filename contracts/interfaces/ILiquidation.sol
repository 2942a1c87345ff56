// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ProofKind} from "../types/ProofKind.sol";
import {RescueOutcome} from "./IMandateBook.sol";

/// @title ILiquidation
/// @notice Rescuing positions by their mandates, and closing those that no longer hold their maintenance margin.
interface ILiquidation {
    /// @notice Emitted when a position is liquidated, in part or whole: the receipt. The size before is `size − sizeDelta`;
    /// `rescue` tells why a mandate did not save it.
    event PositionLiquidated(
        uint256 indexed positionId,
        address indexed account,
        address indexed liquidator,
        uint256 sequence,
        uint256 price,
        uint256 observedAt,
        ProofKind kind,
        int256 equity,
        uint256 maintenanceMargin,
        int256 sizeDelta,
        int256 size,
        uint256 fillPrice,
        uint256 fee,
        uint256 keeperFee,
        uint256 paidOut,
        uint256 shortfall,
        RescueOutcome rescue
    );

    /// @notice Emitted when a mandate restored a position: the receipt. `pulled` came from the owner's wallet, `keeperFee` of
    /// it went to the keeper, the rest into `margin`.
    event PositionRescued(
        uint256 indexed positionId,
        address indexed account,
        address indexed keeper,
        uint256 sequence,
        uint256 price,
        uint256 observedAt,
        ProofKind kind,
        int256 equity,
        uint256 maintenanceMargin,
        uint256 pulled,
        uint256 keeperFee,
        uint256 margin
    );

    /// @notice Emitted for an item of a batch that could not be liquidated; `reason` is the encoded error.
    event LiquidationSkipped(uint256 indexed positionId, uint256 sequence, bytes reason);

    /// @notice Thrown when equity covers the maintenance margin.
    error PositionHealthy(uint256 positionId, int256 equity, uint256 maintenanceMargin);

    /// @notice Thrown when a position whose gain reached its reserve would be liquidated instead of settled.
    error PositionCapped(uint256 positionId, int256 gain, uint256 reserve);

    /// @notice Thrown between two partial liquidations.
    error CoolingOff(uint256 positionId, uint256 until);

    /// @notice Thrown when a rescue that somebody asked for does not happen, and why.
    error RescueRefused(uint256 positionId, RescueOutcome outcome);

    /// @notice Thrown when no item of a batch could be liquidated.
    error NothingLiquidated(uint256 items);

    /// @notice Liquidates a position whose equity is below its maintenance margin.
    ///
    /// @dev Emits {PositionLiquidated}. Ether left after verification returns to the caller.
    ///
    /// Notes:
    /// - A rescue mandate of the position is tried first. If it restores the position, the call ends with
    ///   {PositionRescued}.
    /// - In part, down to the liquidation target, where that is possible; whole otherwise. What is left of a whole
    ///   liquidation goes to the owner.
    /// - The keeper's fee comes from the position's box and is at least `keeperFeeFloor`.
    ///
    /// Requirements:
    /// - The sequencer's grace period must be over.
    /// - The price must not be older than any that the market or the position has used.
    /// - The position must be open and its gain below its reserve.
    /// - Equity must be below maintenance margin.
    /// - After a partial liquidation the cool-off must be over, unless equity is below half of maintenance margin.
    ///
    /// @param positionId The position.
    /// @param proof Spot price proof for the oracle.
    /// @param feeReceiver Who receives the keeper's fee.
    /// @return keeperFee The fee [WAD quote].
    function liquidate(
        uint256 positionId,
        bytes calldata proof,
        address feeReceiver
    ) external payable returns (uint256 keeperFee);

    /// @notice Liquidates every position of the list that can be, at one price.
    ///
    /// @dev Emits {PositionLiquidated}, {PositionRescued} or {LiquidationSkipped} for each. Reverts when all are skipped.
    ///
    /// @param positionIds The positions.
    /// @param proof Spot price proof for the oracle.
    /// @param feeReceiver Who receives the keeper's fees.
    /// @return liquidated How many were, or were rescued instead.
    /// @return keeperFee The fees together [WAD quote].
    function liquidateBatch(
        uint256[] calldata positionIds,
        bytes calldata proof,
        address feeReceiver
    ) external payable returns (uint256 liquidated, uint256 keeperFee);

    /// @notice Tops a position up by its mandate before it can be liquidated.
    ///
    /// @dev Emits {PositionRescued}. Ether left after verification returns to the caller.
    ///
    /// Notes:
    /// - Pulls from the owner's wallet what brings equity to the mandate's target, and the keeper's fee; nothing when that
    ///   much is not there or not allowed.
    ///
    /// Requirements:
    /// - The position must be open and carry a mandate.
    /// - The price must not be older than any that the market has used.
    /// - Its gain must be below its reserve: at its cap a position is settled, never liquidated.
    /// - Equity must be below the mandate's trigger and above zero, and the mandate must allow the pull.
    ///
    /// @param positionId The position.
    /// @param proof Spot price proof for the oracle.
    /// @param feeReceiver Who receives the keeper's fee.
    /// @return keeperFee The fee [WAD quote].
    function rescue(
        uint256 positionId,
        bytes calldata proof,
        address feeReceiver
    ) external payable returns (uint256 keeperFee);
}
